public partial class A : Migration { protected override void Up(MigrationBuilder m) {} }
