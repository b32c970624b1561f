CREATE TABLE public.orders (id bigint NOT NULL, note varchar(10), a int);
CREATE INDEX oi ON public.orders (a);
