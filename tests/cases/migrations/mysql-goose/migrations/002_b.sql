-- +goose Up
ALTER TABLE `orders` MODIFY `status` varchar(10);
-- +goose StatementBegin
CREATE TRIGGER t BEFORE INSERT ON orders FOR EACH ROW BEGIN SET NEW.status = "x"; END;
-- +goose StatementEnd
-- +goose Down
DROP TRIGGER t;
