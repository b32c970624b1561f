ALTER TABLE `orders` MODIFY `status` varchar(10);
