CREATE TABLE lines (id bigint PRIMARY KEY, note text);
