import { Migration } from '@mikro-orm/migrations';
