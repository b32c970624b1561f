// Runs a shared library's variables as Jenkins does, one call a case: `groovy pipeline.groovy VARS CASES WORK`.
// Jenkins' own steps are stood in for; `sh` is a real shell, with the environment that withEnv gives.
import groovy.json.JsonOutput
import groovy.json.JsonSlurperClassic

class Aborted extends RuntimeException {
    Aborted(String message) { super(message) }
}

File vars = new File(args[0])
File work = new File(args[2])

def shell = { File folder, List added, Map given ->
    assert given.returnStatus == true
    Map environ = new LinkedHashMap(System.getenv())
    added.each { String pair ->
        int at = pair.indexOf('=')
        environ[pair.substring(0, at)] = pair.substring(at + 1)
    }
    List command = ['/bin/sh', '-c', given.script]
    Process child = command.execute(environ.collect { k, v -> k + '=' + v } as String[], folder)
    StringBuffer heard = new StringBuffer()
    child.waitForProcessOutput(heard, heard)
    return child.exitValue()
}

def steps = { File root, boolean unix, List commands ->
    List added = []
    List at = [root]
    [
        isUnix: { -> unix },
        pwd: { -> at.last().path },
        error: { String message -> throw new Aborted(message) },
        fileExists: { String path -> new File(at.last(), path).exists() },
        readFile: { Map given -> new File(at.last(), given.file).getText(given.encoding) },
        deleteDir: { -> at.last().deleteDir() },
        dir: { String path, Closure body ->
            at << new File(at.last(), path)
            body()
            at.remove(at.size() - 1)
        },
        withEnv: { List pairs, Closure body ->
            assert pairs.every { it instanceof CharSequence && it.contains('=') }
            added = pairs
            body()
            added = []
        },
        sh: { Map given -> commands << 'sh ' + given.script; shell(at.last(), added, given) },
        bat: { Map given -> commands << 'bat ' + given.script; shell(at.last(), added, given) },
    ]
}

def load = { String name, Map known ->
    Script script = new GroovyShell(new Binding(known)).parse(new File(vars, name + '.groovy'))
    return script
}

def call = { Map one ->
    File root = new File(work, one.name)
    root.mkdirs()
    List commands = []
    Map known = steps(root, one.unix != false, commands)
    known.cdkit = load('cdkit', known)
    Map told = [commands: commands]
    try {
        Map given = one.gstring == null ? one.args : [(one.gstring): "a${one.gstring.length()}b"]
        told.result = given == null ? load(one.call, known).call() : load(one.call, known).call(given)
        told.serialisable = told.result instanceof Serializable
    } catch (Aborted stop) {
        told.error = stop.message
    }
    return told
}

Map answers = [:]
new JsonSlurperClassic().parseText(new File(args[1]).getText('UTF-8')).each { answers[it.name] = call(it) }
println(JsonOutput.toJson(answers))
