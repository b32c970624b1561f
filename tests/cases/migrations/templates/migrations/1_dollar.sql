CREATE TABLE ${schema}.orders (id int, price text DEFAULT '${not_mine}');
