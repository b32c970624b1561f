public class V5__code extends BaseJavaMigration {}
