CREATE TABLE public.orders (id bigint NOT NULL, note varchar(20), a int);
