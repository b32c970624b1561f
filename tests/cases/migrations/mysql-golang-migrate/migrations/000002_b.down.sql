ALTER TABLE orders MODIFY status varchar(20) NOT NULL;
