//! Where settings come from.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::flags::Flags;
use crate::hidden;
use crate::settings::{SETTINGS, Settings, Source, Values};

/// The settings: the flags, then the environment, then the file, which is `config` or the default one.
pub(crate) fn settings(flags: &Flags, config: Option<&Path>) -> Result<Settings, Failure> {
    let mut values = Values::default();
    values.add(Source::Flag, |key| flags.value(key));
    for setting in SETTINGS {
        // A value that is not text would be taken for unset.
        if std::env::var_os(setting.variable()).is_some_and(|value| value.to_str().is_none()) {
            return Err(Failure::usage(format!("{} is not valid UTF-8", setting.variable()), "correct it"));
        }
    }
    values.add_environment(|name| std::env::var(name).ok());
    values.add_file(config, default_file(|name| std::env::var_os(name)).as_deref())?;
    hidden::hide(values.texts());
    Settings::new(values)
}

/// `$XDG_CONFIG_HOME/ham/config.toml`, else `~/.config/ham/config.toml`.
fn default_file(read: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let path = |name| read(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let config = path("XDG_CONFIG_HOME").or_else(|| path("HOME").map(|home| home.join(".config")))?;
    Some(config.join("ham").join("config.toml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_lies_where_such_files_lie() {
        let file = |pairs: &[(&str, &str)]| {
            default_file(|name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into()))
        };
        assert_eq!(file(&[("XDG_CONFIG_HOME", "/x"), ("HOME", "/h")]), Some("/x/ham/config.toml".into()));
        assert_eq!(file(&[("HOME", "/h")]), Some("/h/.config/ham/config.toml".into()));
        assert_eq!(file(&[]), None);
    }
}
