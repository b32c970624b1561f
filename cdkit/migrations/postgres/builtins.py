"""Functions that every PostgreSQL has, and which people give namesakes: by what they take.

Source: the catalog pg_proc of PostgreSQL 18, without what serves the server itself, operators and
indexes. Each line names functions, and after the colon the types that each of them takes; `*`
stands before those of a VARIADIC one. What goes on from a line before is indented.
"""

_TABLE = """
abbrev: cidr; inet
abs stddev stddev_pop stddev_samp var_pop var_samp variance: float4; float8; int2; int4; int8;
  numeric
acos acosd acosh asin asind asinh atan atand atanh cbrt cos cosd cosh cot cotd degrees erf erfc
  gamma lgamma radians setseed sin sind sinh tan tand tanh: float8
age: timestamp; timestamp timestamp; timestamptz; timestamptz timestamptz; xid
area: box; circle; path
array_agg: anyarray; anynonarray
array_append array_positions array_remove: anycompatiblearray anycompatible
array_dims array_ndims array_reverse array_shuffle cardinality: anyarray
array_fill: anyelement int4[]; anyelement int4[] int4[]
array_length array_lower array_sample array_upper trim_array: anyarray int4
array_position: anycompatiblearray anycompatible; anycompatiblearray anycompatible int4
array_prepend: anycompatible anycompatiblearray
array_replace: anycompatiblearray anycompatible anycompatible
array_sort: anyarray; anyarray bool; anyarray bool bool
array_to_json: anyarray; anyarray bool
array_to_string: anyarray text; anyarray text text
array_to_tsvector: text[]
ascii casefold initcap quote_ident regclass unistr xml xml_is_well_formed
  xml_is_well_formed_content xml_is_well_formed_document xmlcomment xmltext: text
atan2 atan2d corr covar_pop covar_samp regr_avgx regr_avgy regr_count regr_intercept regr_r2
  regr_slope regr_sxx regr_sxy regr_syy: float8 float8
avg: float4; float8; int2; int4; int8; interval; numeric
bit: bit int4 bool; int4 int4; int8 int4
bit_and bit_or bit_xor: bit; int2; int4; int8
bit_count: bit; bytea
bit_length: bit; bytea; text
bool: int4; jsonb
bool_and bool_or every: bool
box: circle; point; point point; polygon
bpchar: bpchar int4 bool; char; name
broadcast cidr family host hostmask masklen netmask network: inet
bytea: int2; int4; int8
ceil ceiling exp floor ln log10 sign sqrt: float8; numeric
center: box; circle
char: int4; text
char_length character_length: bpchar; text
chr ntile: int4
circle: box; point float8; polygon
concat cume_dist dense_rank json_build_array json_build_object jsonb_build_array
  jsonb_build_object num_nonnulls num_nulls percent_rank rank: *any
concat_ws: *text any
convert: bytea name name
convert_from: bytea name
convert_to: text name
count: any
crc32 crc32c sha224 sha256 sha384 sha512: bytea
currval nextval: regclass
date: timestamp; timestamptz
date_add date_subtract: timestamptz interval; timestamptz interval text
date_bin: interval timestamp timestamp; interval timestamptz timestamptz
date_part extract: text date; text interval; text time; text timestamp; text timestamptz; text
  timetz
date_trunc: text interval; text timestamp; text timestamptz; text timestamptz text
datemultirange: *daterange[]; daterange
daterange: date date; date date text
decode is_normalized normalize strpos to_date to_number: text text
diagonal height width: box
diameter radius: circle
div: numeric numeric
encode: bytea text
enum_first enum_last: anyenum
enum_range: anyenum; anyenum anyenum
factorial oid: int8
first_value json_agg json_agg_strict jsonb_agg jsonb_agg_strict last_value mode to_json
  to_jsonb: anyelement
float4: float8; int2; int4; int8; jsonb; numeric
float8: float4; int2; int4; int8; jsonb; numeric
format: *text any; text
gcd lcm random: int4 int4; int8 int8; numeric numeric
generate_series: int4 int4; int4 int4 int4; int8 int8; int8 int8 int8; numeric numeric; numeric
  numeric numeric; timestamp timestamp interval; timestamptz timestamptz interval; timestamptz
  timestamptz interval text
generate_subscripts: anyarray int4; anyarray int4 bool
get_bit: bit int4; bytea int8
get_byte: bytea int4
int2: bytea; float4; float8; int4; int8; jsonb; numeric
int4: bit; bool; bytea; char; float4; float8; int2; int8; jsonb; numeric
int4multirange: *int4range[]; int4range
int4range: int4 int4; int4 int4 text
int8: bit; bytea; float4; float8; int2; int4; jsonb; numeric; oid
int8multirange: *int8range[]; int8range
int8range: int8 int8; int8 int8 text
interval: interval int4; time
isclosed isopen pclose popen: path
isempty range_merge: anymultirange
isfinite: date; interval; timestamp; timestamptz
ishorizontal isvertical: line; lseg; point point
isparallel isperp: line line; lseg lseg
json_array_elements json_array_elements_text json_array_length json_each json_each_text
  json_object_keys json_to_record json_to_recordset json_typeof: json
json_extract_path json_extract_path_text: *json text[]
json_object jsonb_object: text[]; text[] text[]
json_object_agg json_object_agg_strict json_object_agg_unique json_object_agg_unique_strict
  jsonb_object_agg jsonb_object_agg_strict jsonb_object_agg_unique
  jsonb_object_agg_unique_strict: any any
json_populate_record json_populate_recordset: anyelement json bool
json_strip_nulls: json bool
json_to_tsvector: json jsonb; regconfig json jsonb
jsonb_array_elements jsonb_array_elements_text jsonb_array_length jsonb_each jsonb_each_text
  jsonb_object_keys jsonb_pretty jsonb_to_record jsonb_to_recordset jsonb_typeof: jsonb
jsonb_extract_path jsonb_extract_path_text: *jsonb text[]
jsonb_insert jsonb_set: jsonb text[] jsonb bool
jsonb_path_exists jsonb_path_exists_tz jsonb_path_match jsonb_path_match_tz jsonb_path_query
  jsonb_path_query_array jsonb_path_query_array_tz jsonb_path_query_first
  jsonb_path_query_first_tz jsonb_path_query_tz: jsonb jsonpath jsonb bool
jsonb_populate_record jsonb_populate_record_valid jsonb_populate_recordset: anyelement jsonb
jsonb_set_lax: jsonb text[] jsonb bool text
jsonb_strip_nulls: jsonb bool
jsonb_to_tsvector: jsonb jsonb; regconfig jsonb jsonb
justify_days justify_hours justify_interval uuidv7: interval
lag lead: anycompatible int4 anycompatible; anyelement; anyelement int4
left repeat right: text int4
length: bit; bpchar; bytea; bytea name; lseg; path; text; tsvector
like notlike: bytea bytea; name text; text text
line slope: point point
log: float8; numeric; numeric numeric
lower upper: anymultirange; anyrange; text
lower_inc lower_inf range_agg range_intersect_agg upper_inc upper_inf: anymultirange; anyrange
lpad rpad: text int4; text int4 text
lseg: box; point point
ltrim rtrim: bytea bytea; text; text text
macaddr macaddr8_set7bit: macaddr8
macaddr8: macaddr
make_date: int4 int4 int4
make_interval: int4 int4 int4 int4 int4 int4 float8
make_time: int4 int4 float8
make_timestamp: int4 int4 int4 int4 int4 float8
make_timestamptz: int4 int4 int4 int4 int4 float8; int4 int4 int4 int4 int4 float8 text
max min: anyarray; anyenum; bpchar; bytea; date; float4; float8; inet; int2; int4; int8;
  interval; money; numeric; oid; pg_lsn; record; text; tid; time; timestamp; timestamptz;
  timetz; xid8
md5 reverse: bytea; text
min_scale scale trim_scale: numeric
mod: int2 int2; int4 int4; int8 int8; numeric numeric
money: int4; int8; numeric
multirange: anyrange
name: bpchar; text; varchar
npoints: path; polygon
nth_value: anyelement int4
numeric: float4; float8; int2; int4; int8; jsonb; money; numeric int4
nummultirange: *numrange[]; numrange
numrange: numeric numeric; numeric numeric text
octet_length: bit; bpchar; bytea; text
overlaps: time interval time interval; time interval time time; time time time interval; time
  time time time; timestamp interval timestamp interval; timestamp interval timestamp timestamp;
  timestamp timestamp timestamp interval; timestamp timestamp timestamp timestamp; timestamptz
  interval timestamptz interval; timestamptz interval timestamptz timestamptz; timestamptz
  timestamptz timestamptz interval; timestamptz timestamptz timestamptz timestamptz; timetz
  timetz timetz timetz
overlay: bit bit int4; bit bit int4 int4; bytea bytea int4; bytea bytea int4 int4; text text
  int4; text text int4 int4
path: polygon
percentile_cont: float8 float8; float8 interval; float8[] float8; float8[] interval
percentile_disc: float8 anyelement; float8[] anyelement
phraseto_tsquery plainto_tsquery to_tsquery websearch_to_tsquery: regconfig text; text
point: box; circle; float8 float8; lseg; polygon
polygon: box; circle; int4 circle; path
position: bit bit; bytea bytea; text text
pow power: float8 float8; numeric numeric
quote_literal quote_nullable: anyelement; text
regexp_count: text text; text text int4; text text int4 text
regexp_instr: text text; text text int4; text text int4 int4; text text int4 int4 int4; text
  text int4 int4 int4 text; text text int4 int4 int4 text int4
regexp_like regexp_match regexp_matches regexp_split_to_table string_to_array string_to_table:
  text text; text text text
regexp_replace: text text text; text text text int4; text text text int4 int4; text text text
  int4 int4 text; text text text text
regexp_substr: text text; text text int4; text text int4 int4; text text int4 int4 text; text
  text int4 int4 text int4
replace translate: text text text
round: float8; numeric; numeric int4
row_to_json: record; record bool
set_bit: bit int4 int4; bytea int8 int4
set_byte: bytea int4 int4
set_config: text text bool
setval: regclass int8; regclass int8 bool
setweight: tsvector char; tsvector char text[]
split_part: text text int4
string_agg: bytea bytea; text text
strip tsvector_to_array: tsvector
substr: bytea int4; bytea int4 int4; text int4; text int4 int4
substring: bit int4; bit int4 int4; bytea int4; bytea int4 int4; text int4; text int4 int4; text
  text; text text text
sum: float4; float8; int2; int4; int8; interval; money; numeric
text: bool; bpchar; char; inet; name; xml
time: interval; time int4; timestamp; timestamptz; timetz
timestamp: date; date time; timestamp int4; timestamptz
timestamptz: date; date time; date timetz; timestamp; timestamptz int4
timetz: time; timestamptz; timetz int4
timezone: interval timestamp; interval timestamptz; interval timetz; text timestamp; text
  timestamptz; text timetz; timestamp; timestamptz; timetz
to_bin to_hex to_oct: int4; int8
to_char: float4 text; float8 text; int4 text; int8 text; interval text; numeric text; timestamp
  text; timestamptz text
to_timestamp: float8; text text
to_tsvector: json; jsonb; regconfig json; regconfig jsonb; regconfig text; text
trunc: float8; macaddr; macaddr8; numeric; numeric int4
ts_delete: tsvector text; tsvector text[]
ts_filter: tsvector char[]
ts_headline: json tsquery; json tsquery text; jsonb tsquery; jsonb tsquery text; regconfig json
  tsquery; regconfig json tsquery text; regconfig jsonb tsquery; regconfig jsonb tsquery text;
  regconfig text tsquery; regconfig text tsquery text; text tsquery; text tsquery text
ts_rank ts_rank_cd: float4[] tsvector tsquery; float4[] tsvector tsquery int4; tsvector tsquery;
  tsvector tsquery int4
ts_rewrite: tsquery text; tsquery tsquery tsquery
tsmultirange: *tsrange[]; tsrange
tsquery_phrase: tsquery tsquery int4
tsrange: timestamp timestamp; timestamp timestamp text
tstzmultirange: *tstzrange[]; tstzrange
tstzrange: timestamptz timestamptz; timestamptz timestamptz text
unnest: anyarray; anymultirange; tsvector
uuid_extract_timestamp uuid_extract_version: uuid
varbit: varbit int4 bool
varchar: name; varchar int4 bool
width_bucket: anycompatible anycompatiblearray; float8 float8 float8 int4; numeric numeric
  numeric int4
xmlagg: xml
xmlvalidate: xml text
xpath xpath_exists: text xml; text xml text[]
"""


def signatures(name: str) -> tuple[str, ...]:
    """Return what each built-in function of a name takes, as `text int4`; none for any other."""
    if f" {name}" not in _TABLE and f"\n{name}" not in _TABLE:
        return ()
    for line in _TABLE.replace("\n  ", " ").splitlines():
        names, _, takes = line.partition(": ")
        if name in names.split():
            return tuple(takes.split("; "))
    return ()
