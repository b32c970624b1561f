export class A1700000000000 implements MigrationInterface {}
