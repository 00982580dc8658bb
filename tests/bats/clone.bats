load lib.bash

@test "every object of PostgreSQL 15 arrives" {
    pair objects
    run -0 clone
    assert_output --partial 'Slowest tables'
    same
    no_helper_schema
    nothing_left
}

@test "the same in text format, with split tables" {
    pair work
    run -0 clone --copy-format text --split-larger-than 1MB --table-jobs 3 --index-jobs 2
    same
    [[ $(catalog "select count(*) >= 6 from work where kind = 'part' and state = 'done'") == 1 ]]
}

@test "the same in binary format, split by key" {
    pair work
    run -0 clone --copy-format binary --split-larger-than 1MB --split-by key
    same
    [[ $(catalog "select split_by from obj_table where relname = 'plain'") == key ]]
}
