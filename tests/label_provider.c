/*
 * label_provider.c - a security label provider for the tests: takes any label.
 *
 * Debian packages none that runs without SELinux, and its headers for server modules bring a whole
 * compiler along, so what version 15 of the server wants to see of a module is said here.
 */
struct magic {
    int length;
    int version;
    int function_arguments_most;
    int index_keys_most;
    int name_length;
    int float8_by_value;
    char abi[32];
};

const struct magic *Pg_magic_func(void);
const struct magic *Pg_magic_func(void)
{
    static const struct magic magic = {sizeof magic, 1500, 100, 32, 64, 1, "PostgreSQL"};
    return &magic;
}

extern void register_label_provider(const char *name, void (*check)(const void *, const char *));

static void take(const void *object, const char *label)
{
    (void)object;
    (void)label;
}

void _PG_init(void);
void _PG_init(void)
{
    register_label_provider("pgh", take);
}
