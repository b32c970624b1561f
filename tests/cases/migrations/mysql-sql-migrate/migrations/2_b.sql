-- +migrate Up
ALTER TABLE `orders` MODIFY `status` varchar(10);
-- +migrate Down
ALTER TABLE orders MODIFY status varchar(20) NOT NULL;
