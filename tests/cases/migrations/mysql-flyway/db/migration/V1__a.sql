CREATE TABLE `orders` (`id` int AUTO_INCREMENT PRIMARY KEY, `status` varchar(20) NOT NULL) ENGINE=InnoDB;
