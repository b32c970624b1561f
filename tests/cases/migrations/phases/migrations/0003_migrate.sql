-- cdkit: phase migrate
UPDATE orders SET remark = note WHERE remark IS NULL AND id <= 1000;
