"""Which functions a default may call without being computed anew for every row.

A default that is not volatile is computed once and kept in the catalogue (PostgreSQL manual, ALTER
TABLE, "Notes", since 11). The names are those of `pg_proc` with provolatile `i` or `s`.
"""

_NOT_VOLATILE_WORDS = """
    sqlvaluefunction now transaction_timestamp statement_timestamp timezone current_setting
    current_schema current_database lower upper initcap md5 sha224 sha256 sha384 sha512
    to_timestamp to_date to_char to_number date_trunc date_part extract age make_interval
    make_date make_time make_timestamp make_timestamptz justify_days justify_hours
    json_build_object json_build_array jsonb_build_object jsonb_build_array json_object
    jsonb_object to_json to_jsonb row_to_json jsonb_set array_fill array_append array_prepend
    array_cat string_to_array array_to_string concat concat_ws format length char_length
    octet_length abs round floor ceil ceiling trunc sign mod power sqrt exp ln log btrim ltrim
    rtrim substr substring left right replace split_part repeat reverse lpad rpad translate encode
    decode chr ascii int4range int8range numrange tsrange tstzrange daterange to_tsvector
    to_tsquery plainto_tsquery hashtext point box circle inet_client_addr host overlay position
    strpos
"""
_NOT_VOLATILE = frozenset(_NOT_VOLATILE_WORDS.split())
_VOLATILE_WORDS = """
    random random_normal gen_random_uuid uuid_generate_v1 uuid_generate_v1mc uuid_generate_v4
    uuidv4 uuidv7 gen_random_bytes gen_salt clock_timestamp timeofday nextval setval currval
    lastval
"""
_VOLATILE = frozenset(_VOLATILE_WORDS.split())


def volatile_calls(calls: tuple[str, ...]) -> tuple[str, ...]:
    """Return those functions that are volatile for sure."""
    return tuple(call for call in calls if call in _VOLATILE)


def unknown_calls(calls: tuple[str, ...]) -> tuple[str, ...]:
    """Return those functions of which nobody here knows whether they are volatile."""
    return tuple(call for call in calls if call not in _VOLATILE | _NOT_VOLATILE)


# Aggregates, and what reads or writes nothing but a sequence or a setting of the session.
_READING_WORDS = """
    count max min sum avg bool_and bool_or every array_agg string_agg json_agg jsonb_agg
    json_object_agg jsonb_object_agg row_number rank dense_rank lag lead first_value last_value
    generate_series unnest regexp_replace regexp_match regexp_matches regexp_split_to_table
    set_config version to_regclass to_regtype to_regproc has_table_privilege format_type
    obj_description col_description quote_ident quote_literal quote_nullable array_length
    cardinality array_position jsonb_array_elements jsonb_array_elements_text jsonb_each
    jsonb_each_text json_array_elements jsonb_array_length jsonb_typeof jsonb_object_keys coalesce
    nullif greatest least xmlforest txid_current array_remove array_replace jsonb_strip_nulls
    starts_with
"""
_READING = frozenset(_READING_WORDS.split())


def is_harmless_call(function: str) -> bool:
    """Whether a SELECT may call this built-in function without doing anything to the schema."""
    known = _NOT_VOLATILE | _VOLATILE | _READING
    return function in known or (function.startswith("pg_") and not function.endswith("_reload"))
