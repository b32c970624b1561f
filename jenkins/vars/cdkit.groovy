// Runs one step of cdkit. `cdkitLintMigrations(…)` and the others call it; pipelines call those.
//
// No argument becomes part of a command: the command is a constant, and each argument is the value of
// an environment variable, so that no value can be read as code by the shell.
//
//   step   the step's name, `lint-migrations`
//   known  each argument's name, and the variable that the step reads it from
//   args   the arguments as the pipeline gave them
//
// Returns a map: exitCode, verdict, reasons, record, and the step's own outputs, in camelCase.
def call(String step, Map known, Map args) {
    refuseUnknown(step, known, args)
    String folder = '.cdkit/jenkins/' + UUID.randomUUID().toString()
    String report = folder + '/report.json'
    List environment = environmentOf(step, known, args, pwd() + '/' + report)
    String command = 'cdkit ' + step
    int code = 0
    withEnv(environment) {
        if (isUnix()) {
            code = sh(script: command, returnStatus: true)
        } else {
            code = bat(script: command, returnStatus: true)
        }
    }
    Map result = resultOf(step, code, report)
    dir(folder) {
        deleteDir()
    }
    if (code != 0 && args.returnStatus != true) {
        error(command + ': ' + result.verdict + ' (exit code ' + code + '); its log above says why')
    }
    return result
}

void refuseUnknown(String step, Map known, Map args) {
    for (Object given : args.keySet()) {
        String name = given.toString()
        if (name != 'returnStatus' && !known.containsKey(name)) {
            error('cdkit ' + step + ': there is no argument ' + name +
                '; there are ' + known.keySet().join(', ') + ', returnStatus')
        }
    }
}

List environmentOf(String step, Map known, Map args, String report) {
    List environment = []
    for (String name : known.keySet()) {
        String text = textOf(step, name, args[name])
        if (name == 'write') {
            refuseJson(step, text)
            // The map that the pipeline gets is read from a report of our own.
            environment.add(known[name] + '=json=' + report + '\n' + text)
        } else if (text != '') {
            environment.add(known[name] + '=' + text)
        }
    }
    return environment
}

void refuseJson(String step, String writes) {
    for (String line : writes.split('\n')) {
        if (line.replace(' ', '').startsWith('json=')) {
            error('cdkit ' + step + ': write cannot have json, since the step reads that report itself; ' +
                'what it holds comes back as the map that is returned')
        }
    }
}

// A list has one entry a line, a map one NAME=VALUE a line: as in every other place that cdkit is called.
String textOf(String step, String name, Object value) {
    if (value == null) {
        return ''
    }
    if (value instanceof Map) {
        List lines = []
        for (Object key : value.keySet()) {
            String entry = scalarOf(step, name, key)
            if (entry.contains('=')) {
                error('cdkit ' + step + ': ' + name + ' has a name with = in it')
            }
            lines.add(oneLine(step, name, entry + '=' + scalarOf(step, name, value[key])))
        }
        return lines.join('\n')
    }
    if (value instanceof List) {
        List lines = []
        for (Object each : value) {
            lines.add(oneLine(step, name, scalarOf(step, name, each)))
        }
        return lines.join('\n')
    }
    return scalarOf(step, name, value)
}

String scalarOf(String step, String name, Object value) {
    if (value instanceof CharSequence || value instanceof Number || value instanceof Boolean) {
        return value.toString()
    }
    error('cdkit ' + step + ': ' + name + ' must be text, a number, true or false, or a list or map of these')
    return ''
}

// Every character that cdkit takes for the end of a line: an entry with one would be two entries.
String oneLine(String step, String name, String entry) {
    String ends = '\n\r\u000b\f\u001c\u001d\u001e\u0085\u2028\u2029'
    for (int i = 0; i < ends.length(); i++) {
        if (entry.contains(ends.substring(i, i + 1))) {
            error('cdkit ' + step + ': ' + name + ' has an entry of more than one line')
        }
    }
    return entry
}

// A step that could not even begin (a wrong request, say) leaves no report, and never with exit code 0.
// What JsonSlurper gives cannot outlive a restart of Jenkins, so that only texts of it are returned; no
// step runs while it is there. (JsonSlurperClassic could, but a library in the sandbox may not use it.)
Map resultOf(String step, int code, String report) {
    Map result = [exitCode: code, verdict: 'cannot-tell', reasons: '', record: '']
    if (fileExists(report)) {
        Map told = new groovy.json.JsonSlurper().parseText(readFile(file: report, encoding: 'UTF-8'))
        Map outputs = told.outputs == null ? [:] : told.outputs
        for (String name : outputs.keySet()) {
            result.put(camelCase(name), outputs[name].toString())
        }
    } else if (code == 0) {
        error('cdkit ' + step + ': it ended well and left no report, so its answer is not known')
    }
    return result
}

String camelCase(String name) {
    String made = ''
    for (String word : name.split('-')) {
        made += made == '' ? word : word.substring(0, 1).toUpperCase() + word.substring(1)
    }
    return made
}
