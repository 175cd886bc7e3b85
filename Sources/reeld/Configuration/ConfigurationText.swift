/// Configurations as reeld.conf would say them; what it writes, the parser reads back.
enum ConfigurationText {
    /// Every key commented out at its default with its help: the text of etc/reeld.conf.
    static func reference() -> String {
        var text = """
            # reeld.conf: the configuration of reeld, see reeld.conf(5).
            #
            # Every key stands here at its default. To change one, write it into a file of your own under
            # /etc/reeld/reeld.conf.d/, say 10-local.conf, below its [section]; files there are read in the order of their
            # names after this one. `reeld config check` finds mistakes, `systemctl reload reeld` applies what can be
            # applied without a restart and says what cannot.
            #
            # Sizes are bytes or K, M, G, T (of 1024); durations are d, h, min, s, ms, as in 1h 30min.

            """
        for section in ConfigurationKey.sections {
            text += "\n# \(section.help)\n[\(section.name)]\n"
            for key in ConfigurationKey.all where key.section == section.name {
                let note = key.isReloadable ? "" : " Needs a restart."
                for line in wrap(key.help + note, width: 116) { text += "\n# \(line)" }
                text += "\n#\(assignment(key, key.defaultText))\n"
            }
        }
        return text
    }

    /// Every key at the value in force, each below the place it came from.
    static func effective(_ loaded: LoadedConfiguration) -> String {
        var text = ""
        for section in ConfigurationKey.sections {
            text += (text.isEmpty ? "" : "\n") + "[\(section.name)]\n"
            for key in ConfigurationKey.all where key.section == section.name {
                text += "# \(loaded.places[key.id]?.description ?? "default")\n"
                text += assignment(key, key.text(in: loaded.values)) + "\n"
            }
        }
        return text
    }

    private static func assignment(_ key: ConfigurationKey, _ value: String) -> String {
        value.isEmpty ? "\(key.name) =" : "\(key.name) = \(value)"
    }
}
