//! Several models compiled for one program: an app. Their code works in one shared block of memory, one model after the other.

use crate::compiler::{CompileError, CompileOptions, Compiled, Compiler, File};
use crate::identifiers::is_identifier;
use codegen_c::{MemoryNeed, SharedArenas};
use ir::Diagnostic;
use pass::Instrumentation;
use target::Target;

/// One model of an app.
#[derive(Clone, Copy, Debug)]
pub struct AppModel<'m> {
    /// Its file's name for messages and locations.
    pub file: &'m str,
    /// The file's contents.
    pub bytes: &'m [u8],
    /// Prefix of its public C names.
    pub name: &'m str,
}

/// Models compiled for one program. Each works in the app's arenas, which are as large as the largest need; what a model keeps between runs
/// is its own.
#[derive(Clone, Debug)]
pub struct App {
    models: Vec<Compiled>,
    shared: SharedArenas,
}

impl Compiler {
    /// Compiles models for one program that is called `name`, the prefix of the names that they share; `options.name` is not looked at.
    ///
    /// ```
    /// use thumbwright::{AppModel, CompileOptions, Compiler};
    ///
    /// let digits = std::fs::read("../../models/digits_int8.tflite")?;
    /// let models = [("digits.tflite", "first"), ("digits.tflite", "second")];
    /// let models = models.map(|(file, name)| AppModel { file, bytes: &digits, name });
    /// let app = Compiler::new()?.compile_app("both", &models, &CompileOptions::for_target("cortex-m4"))?;
    /// let arena = app.models()[0].memory().arena_size;
    /// assert_eq!(app.arena_bytes(), arena, "one arena, not two");
    /// assert!(app.c_files()?.iter().any(|f| f.path == "include/both.h"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `D002` and `D006` for names, and what is wrong with a model, the options, or the pipeline.
    pub fn compile_app(
        &self,
        name: &str,
        models: &[AppModel<'_>],
        options: &CompileOptions,
    ) -> Result<App, CompileError> {
        self.compile_app_observed(name, models, options, &mut ())
    }

    /// As [`compile_app`](Self::compile_app); `observer` sees the modules around every pass, model after model.
    ///
    /// # Errors
    /// As [`compile_app`](Self::compile_app).
    pub fn compile_app_observed(
        &self,
        name: &str,
        models: &[AppModel<'_>],
        options: &CompileOptions,
        observer: &mut dyn Instrumentation,
    ) -> Result<App, CompileError> {
        let names: Vec<&str> = models.iter().map(|m| m.name).collect();
        check_names(name, &names)?;
        let mut compiled = Vec::new();
        for model in models {
            let options = CompileOptions {
                name: Some(model.name.to_owned()),
                ..options.clone()
            };
            compiled.push(self.compile_observed(model.file, model.bytes, &options, observer)?);
        }
        let needs = compiled.iter().map(Compiled::arenas);
        let needs: Vec<Vec<MemoryNeed>> = needs.collect::<Result<_, _>>()?;
        let shared = SharedArenas::of(name, &needs)?;
        for c in &mut compiled {
            c.share(shared.clone());
        }
        Ok(App {
            models: compiled,
            shared,
        })
    }
}

/// Whether C can tell the names of an app and of its models apart.
fn check_names(app: &str, models: &[&str]) -> Result<(), Diagnostic> {
    if !is_identifier(app) {
        let d = Diagnostic::error("D002", format!("`{app}` is no name for C"));
        return Err(d.help(
            "give `--app` letters, digits and `_`, a letter first, and no word of C or C++",
        ));
    }
    let error = |message: String| Err(Diagnostic::error("D006", message));
    if models.is_empty() {
        return error(format!("app `{app}` has no model"));
    }
    // Macros are in capitals.
    let capitals = |name: &str| name.to_ascii_uppercase();
    for (i, name) in models.iter().enumerate() {
        if capitals(name) == capitals(app) {
            return error(format!("app `{app}` and a model of it have one name"));
        }
        if capitals(name).starts_with(&format!("{}_ARENA", capitals(app))) {
            return error(format!(
                "model `{name}` has a name that app `{app}` gives to what it defines"
            ));
        }
        if models[..i].iter().any(|m| capitals(m) == capitals(name)) {
            return error(format!("two models of app `{app}` have the name `{name}`"));
        }
    }
    Ok(())
}

impl App {
    /// Prefix of the names that the models share.
    pub fn name(&self) -> &str {
        self.shared.app()
    }

    /// The models, in the order in which they were given.
    pub fn models(&self) -> &[Compiled] {
        &self.models
    }

    /// What they are compiled for.
    pub fn target(&self) -> &Target {
        self.models[0].target()
    }

    pub(crate) fn shared(&self) -> &SharedArenas {
        &self.shared
    }

    /// The arenas that the models share, one in each memory that any of them needs.
    pub fn arenas(&self) -> impl Iterator<Item = &MemoryNeed> {
        self.shared.arenas()
    }

    /// Bytes of the shared arenas.
    pub fn arena_bytes(&self) -> u64 {
        self.arenas().map(|a| a.size).sum()
    }

    /// Bytes of what the models keep between runs, each for itself.
    pub fn state_bytes(&self) -> u64 {
        self.models.iter().map(|m| m.memory().state_size()).sum()
    }

    /// Bytes of RAM: shared arenas and states.
    pub fn ram_bytes(&self) -> u64 {
        self.arena_bytes().saturating_add(self.state_bytes())
    }

    /// Bytes of RAM if each model had arenas of its own.
    pub fn separate_ram_bytes(&self) -> u64 {
        let arenas: u64 = self.models.iter().map(|m| m.memory().arena_size).sum();
        arenas.saturating_add(self.state_bytes())
    }

    /// The C files: headers, sources and data of the models, header and source of the app, one build file, one example.
    ///
    /// # Errors
    /// What cannot be written in C.
    pub fn c_files(&self) -> Result<Vec<File>, CompileError> {
        let parts: Vec<codegen_c::CFiles> = self
            .models
            .iter()
            .map(Compiled::c)
            .collect::<Result<_, _>>()?;
        let all: Vec<&codegen_c::CFiles> = parts.iter().collect();
        let app = codegen_c::emit_app(&self.shared, self.target(), &all);
        let mut files = vec![app.header, app.source];
        for part in parts {
            files.extend([part.header, part.source, part.data_header, part.data]);
        }
        files.extend([app.cmake, app.example]);
        let file = |f: codegen_c::File| File {
            path: f.path,
            text: f.text,
        };
        Ok(files.into_iter().map(file).collect())
    }

    /// The modules' texts at every stage as files, if they were asked for: `mlir/MODEL/NN-STAGE.mlir`.
    pub fn stage_files(&self) -> Vec<File> {
        let of_model = |m: &Compiled| {
            let inside = format!("mlir/{}/", m.name());
            let files = m.stage_files().into_iter();
            files
                .map(|f| File {
                    path: f.path.replacen("mlir/", &inside, 1),
                    text: f.text,
                })
                .collect::<Vec<File>>()
        };
        self.models.iter().flat_map(of_model).collect()
    }
}
