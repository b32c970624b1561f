-- migrate:up
CREATE TABLE orders (
  id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
  status enum('new','paid') NOT NULL DEFAULT 'new',
  note varchar(40) NULL COMMENT 'for the courier'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- migrate:down
DROP TABLE orders;
