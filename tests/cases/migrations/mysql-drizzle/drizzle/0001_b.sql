ALTER TABLE `orders` MODIFY `status` varchar(10);--> statement-breakpoint
ALTER TABLE `orders` DROP COLUMN `status`;