DROP TABLE <%= schema %>.orders;
