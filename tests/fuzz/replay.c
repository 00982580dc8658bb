/*
 * replay.c - runs a fuzz target over the files and directories of its corpus.
 *
 * Takes the place of libFuzzer's main in `make check`, so that what was once found
 * stays found. Prints one TAP line.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return -1;
    /* Memory of just the right size, so that a sanitizer sees a byte too far. */
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    rewind(file);
    uint8_t *data = malloc(size > 0 ? size : 1);
    int good = data != NULL && fread(data, 1, size, file) == size;
    fclose(file);
    /* Every prefix too: input that ends in the middle is what breaks parsers. */
    for (size_t length = 0; good && length <= size; length += 1 + size / 64) {
        uint8_t *prefix = malloc(length > 0 ? length : 1);
        if (prefix == NULL)
            break;
        memcpy(prefix, data, length);
        LLVMFuzzerTestOneInput(prefix, length);
        free(prefix);
    }
    if (good)
        LLVMFuzzerTestOneInput(data, size);
    free(data);
    return good ? 0 : -1;
}

int main(int argc, char **argv)
{
    int count = 0;
    for (int i = 2; i < argc; i++) {
        DIR *dir = opendir(argv[i]);
        if (dir == NULL)
            continue;
        for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
            char path[1024];
            if (entry->d_name[0] == '.')
                continue;
            snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name);
            if (replay(path) != 0) {
                printf("not ok 1 - fuzz %s: cannot read %s\n1..1\n", argv[1], path);
                return 1;
            }
            count++;
        }
        closedir(dir);
    }
    printf("%s 1 - fuzz %s: %d inputs replayed\n1..1\n", count > 0 ? "ok" : "not ok",
           argc > 1 ? argv[1] : "", count);
    return count > 0 ? 0 : 1;
}
