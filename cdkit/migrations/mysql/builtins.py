"""Functions of MySQL and MariaDB that change nothing: a migration may call them.

Sources: MySQL manual, 14.1 "Built-In Function and Operator Reference"; MariaDB, "Functions".
"""

_WORDS = """
    abs acos adddate addtime aes_decrypt aes_encrypt any_value ascii asin atan atan2 avg benchmark
    bin bin_to_uuid bit_and bit_count bit_length bit_or bit_xor cast ceil ceiling char
    char_length character_length charset coalesce coercibility collation compress concat concat_ws
    connection_id conv convert convert_tz cos cot count crc32 cume_dist curdate current_date
    current_role current_time current_timestamp current_user curtime database date date_add
    date_format date_sub datediff day dayname dayofmonth dayofweek dayofyear degrees dense_rank
    elt exp export_set extract extractvalue field find_in_set first_value floor format
    format_bytes found_rows from_base64 from_days from_unixtime geometry get_lock greatest
    group_concat grouping hex hour if ifnull in inet6_aton inet6_ntoa inet_aton inet_ntoa insert
    instr interval is_free_lock is_ipv4 is_ipv6 is_uuid isnull json_array json_array_append
    json_array_insert json_arrayagg json_compact json_contains json_contains_path json_depth
    json_detailed json_exists json_extract json_insert json_keys json_length json_merge
    json_merge_patch json_merge_preserve json_object json_objectagg json_overlaps json_pretty
    json_query json_quote json_remove json_replace json_schema_valid json_search json_set
    json_storage_size json_table json_type json_unquote json_valid json_value lag last_day
    last_insert_id last_value lastval lcase lead least left length like ln load_file localtime
    localtimestamp locate log log10 log2 lower lpad ltrim make_set makedate maketime max md5
    microsecond mid min minute mod month monthname name_const nextval not now nth_value ntile
    nullif nvl nvl2 oct octet_length ord password percent_rank period_add period_diff pi point
    position pow power quarter quote radians rand random_bytes rank regexp_instr regexp_like
    regexp_replace regexp_substr release_all_locks release_lock repeat replace reverse right round
    row row_count row_number rpad rtrim schema sec_to_time second session_user setval sha sha1
    sha2 sign sin sleep soundex space sqrt std stddev stddev_pop stddev_samp str_to_date strcmp
    subdate substr substring substring_index subtime sum sys_guid sysdate system_user tan time
    time_format time_to_sec timediff timestamp timestampadd timestampdiff to_base64 to_char
    to_days to_number to_seconds trim truncate ucase uncompress unhex unix_timestamp updatexml
    upper user utc_date utc_time utc_timestamp uuid uuid_short uuid_to_bin validate_password
    value values values_list var_pop var_samp variance version week weekday weekofyear weight_string
    year yearweek new and or on as exists select using key index over partition between is then when
    else set where from limit all any some distinct binary decimal varchar int datetime returning
"""
_HARMLESS = frozenset(_WORDS.split())


def is_harmless_call(function: str) -> bool:
    """Whether this is a function of the server (or a word that stands before a parenthesis)."""
    name = function.lower()
    return name in _HARMLESS or name.startswith("st_")
