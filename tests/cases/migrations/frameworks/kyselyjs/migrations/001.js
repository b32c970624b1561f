import { sql } from 'kysely'
export async function up(db) { await db.schema.alterTable('a').dropColumn('b').execute() }
