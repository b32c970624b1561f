SET lock_timeout = '2s';
ALTER TABLE lines RENAME COLUMN note TO remark;
