//! Several models in one program: the arenas that they share, and what builds all of them.

use crate::api::ApiMemory;
use crate::memory::MemoryNeed;
use crate::names::{PublicNames, c_identifier, is_identifier, unique};
use crate::render::{Templates, VERSION};
use crate::{CFiles, File};
use ir::Diagnostic;
use minijinja::{Value, context};
use rustc_hash::FxHashSet;
use std::collections::BTreeSet;

/// Arenas that are large enough for each of several models: for every memory one, with the largest size and alignment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SharedArenas {
    app: String,
    /// With what tells it apart from the others in names; empty if it is the only one.
    arenas: Vec<(String, MemoryNeed)>,
}

impl SharedArenas {
    /// For models with these arenas; `app` is the prefix of the names.
    ///
    /// # Errors
    /// `C001` if the prefix is no C identifier.
    pub fn of(app: &str, models: &[Vec<MemoryNeed>]) -> Result<SharedArenas, Diagnostic> {
        if !is_identifier(app) {
            let d = Diagnostic::error("C001", format!("\"{app}\" is not a C identifier"));
            return Err(d.help(format!("\"{}\" would do", c_identifier(app))));
        }
        let mut needs: Vec<MemoryNeed> = Vec::new();
        for need in models.iter().flatten().filter(|n| n.size > 0) {
            match needs.iter_mut().find(|n| n.pool == need.pool) {
                Some(n) => {
                    n.size = n.size.max(need.size);
                    n.align = n.align.max(need.align);
                }
                None => needs.push(need.clone()),
            }
        }
        let mut taken = FxHashSet::default();
        let one = needs.len() == 1;
        let name = |need: &MemoryNeed| match &need.pool {
            _ if one => String::new(),
            Some(pool) => c_identifier(&pool.to_ascii_lowercase()),
            None => "ram".to_owned(),
        };
        let arenas = needs
            .into_iter()
            .map(|need| match name(&need) {
                field if field.is_empty() => (field, need),
                field => (unique(&field, &mut taken), need),
            })
            .collect();
        Ok(SharedArenas {
            app: app.to_owned(),
            arenas,
        })
    }

    /// The prefix of the names.
    pub fn app(&self) -> &str {
        &self.app
    }

    /// The arenas, in the order in which models first need them.
    pub fn arenas(&self) -> impl Iterator<Item = &MemoryNeed> {
        self.arenas.iter().map(|a| &a.1)
    }

    /// The arenas as variables, in the same order.
    pub fn variables(&self) -> Vec<ApiMemory> {
        let names = PublicNames::new(&self.app);
        let all = self.arenas.iter().map(|(field, need)| ApiMemory {
            symbol: None,
            variable: names.arena(field),
            need: need.clone(),
        });
        all.collect()
    }

    /// The variable of the arena in a memory.
    pub(crate) fn variable(&self, pool: Option<&str>) -> String {
        let found = self.arenas.iter().find(|a| a.1.pool.as_deref() == pool);
        PublicNames::new(&self.app).arena(found.map_or("", |a| &a.0))
    }
}

/// What an app takes of a model's C.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Part {
    pub name: String,
    /// A function of the example that runs it.
    pub example: String,
    pub libraries: BTreeSet<String>,
}

/// The files of an app, beside its models' headers, sources and data.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AppFiles {
    /// `include/<app>.h`
    pub header: File,
    /// `src/<app>.c`
    pub source: File,
    /// `CMakeLists.txt`: one library.
    pub cmake: File,
    /// `examples/main.c`
    pub example: File,
}

/// Emits what defines the shared arenas of `models`, each emitted with [`Options::shared`](crate::Options::shared), and what builds all of
/// them.
pub fn emit_app(shared: &SharedArenas, target: &target::Target, models: &[&CFiles]) -> AppFiles {
    let names = PublicNames::new(&shared.app);
    let arena = |(field, need): &(String, MemoryNeed)| {
        let variable = names.arena(field);
        let pool = need.pool.as_deref();
        context! {
            macros => variable.to_ascii_uppercase(),
            variable,
            size => need.size,
            align => need.align,
            pool => pool.map(crate::comment::comment),
            section_macro => names.arena_section(pool.unwrap_or(field)),
            section => crate::comment::string(&target.arena_section(pool.unwrap_or(field))),
        }
    };
    let arenas: Vec<Value> = shared.arenas.iter().map(arena).collect();
    let runs: Vec<String> = models
        .iter()
        .map(|m| format!("{}_run", m.part.name))
        .collect();
    let libraries: BTreeSet<&String> = models.iter().flat_map(|m| &m.part.libraries).collect();
    let values = context! {
        name => &names.prefix,
        NAME => &names.upper,
        version => VERSION,
        target => crate::comment::comment(&target.name),
        models => models.iter().map(|m| m.part.name.clone()).collect::<Vec<_>>(),
        runs => list(&runs),
        examples => models.iter().map(|m| m.part.example.clone()).collect::<Vec<_>>(),
        several => arenas.len() > 1,
        arenas,
        libraries => libraries.into_iter().cloned().collect::<Vec<_>>(),
    };
    let templates = Templates::new();
    let file = |template: &str, path: String| File {
        path,
        text: templates.text(template, &values),
    };
    AppFiles {
        header: file("app_header", format!("include/{}.h", names.prefix)),
        source: file("app_source", format!("src/{}.c", names.prefix)),
        cmake: file("app_cmake", "CMakeLists.txt".to_owned()),
        example: file("app_example", "examples/main.c".to_owned()),
    }
}

/// `a, b and c`.
fn list(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}
