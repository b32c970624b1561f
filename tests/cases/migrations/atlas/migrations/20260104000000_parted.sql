-- atlas:delimiter -- end

CREATE TABLE a (id int)
-- end
CREATE TABLE b (t text DEFAULT '-- end')
-- end
DROP INDEX CONCURRENTLY i
-- end
