//! The compiler: a model file in, a placed module and C files out.

use crate::identifiers::{is_identifier, module_name};
use crate::layers::{Layer, TensorInfo, layers, tensor_info};
use codegen_c::{MemoryNeed, SharedArenas};
use ir::dialects::func;
use ir::dialects::mcu::{CallExternOp, network_states};
use ir::rewrite::Fuel;
use ir::{Diagnostic, Diagnostics, Module};
use kernel_library::{KernelLibrary, LibraryError};
use pass::{
    Instrumentation, ManagerOptions, PassCx, PassRun, Pipeline, Registry, RegistryBuilder,
    RegistryError,
};
use passes::PipelineOptions;
use passes::memory_map::MemoryMap;
use passes::quantize_graph::{Arithmetic, quantize_graph};
use plugin::PluginError;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use target::{Target, Targets};

/// Every error of the façade itself: code and what it means.
pub const CODES: &[(&str, &str)] = &[
    ("D001", "no target has the name"),
    ("D002", "the public name cannot begin C names"),
    ("D003", "the pipeline does not lower the network"),
    ("D004", "the pipeline made a module that does not verify"),
    ("D005", "a file of MLIR text is not UTF-8"),
    (
        "D006",
        "the models of an app have names that C cannot tell apart, or there is none",
    ),
    ("D007", "this build has no LLVM back end"),
];

/// Nothing came out; the diagnostics say why, at least one is an error.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CompileError(pub Diagnostics);

impl std::fmt::Display for CompileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for CompileError {}

impl CompileError {
    /// Whether the compiler is at fault: a pass made a module that does not verify, or a wrong plan.
    pub fn is_bug(&self) -> bool {
        let bug = |d: &Diagnostic| matches!(&*d.code, "P002" | "P003" | "M005" | "D004");
        self.0.iter().any(bug)
    }
}

impl From<Diagnostic> for CompileError {
    fn from(d: Diagnostic) -> Self {
        CompileError(d.into())
    }
}

/// How to compile.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CompileOptions {
    /// A core or board, by name.
    pub target: String,
    /// Prefix of the public C names; by default the model file's stem.
    pub name: Option<String>,
    /// What the default pipeline is asked for.
    pub tuning: PipelineOptions,
    /// The passes to run instead of [`default_pipeline`](Compiler::default_pipeline).
    pub pipeline: Option<String>,
    /// Verify the module after every pass.
    pub verify_each: bool,
    /// Keep the module's text after every stage.
    pub keep_stages: bool,
    /// Whether a pass may run programs that the pipeline names.
    pub allow_external: bool,
}

impl CompileOptions {
    /// The defaults, for a target.
    pub fn for_target(target: &str) -> CompileOptions {
        CompileOptions {
            target: target.to_owned(),
            name: None,
            tuning: PipelineOptions::default(),
            pipeline: None,
            verify_each: cfg!(debug_assertions),
            keep_stages: false,
            allow_external: false,
        }
    }
}

/// A file to write: path below the output folder, and text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct File {
    /// With `/`.
    pub path: String,
    /// Contents.
    pub text: String,
}

/// The module's text at one stage.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stage {
    /// `import`, or the pass that ran last.
    pub name: String,
    /// MLIR text.
    pub text: String,
}

/// Collects what a compiler is made of: Thumbwright's own parts, then third parties'.
///
/// To add to a compiler that exists, keep its builder, and add to a clone: what fails then leaves the original whole.
#[derive(Clone)]
pub struct CompilerBuilder {
    registry: RegistryBuilder,
    libraries: Vec<KernelLibrary>,
    accelerators: Vec<String>,
}

impl CompilerBuilder {
    /// Adds what a function registers: dialects, passes, patterns, schedules, accelerators, planning algorithms, targets, extensions of the pipeline.
    ///
    /// # Errors
    /// If a name is taken.
    pub fn register(
        mut self,
        register: impl FnOnce(&mut RegistryBuilder) -> Result<(), RegistryError>,
    ) -> Result<CompilerBuilder, RegistryError> {
        register(&mut self.registry)?;
        Ok(self)
    }

    /// Adds a kernel library: its entries as schedules, its targets, and its C for models that are run.
    ///
    /// # Errors
    /// Everything that is wrong with its table.
    pub fn library(mut self, library: KernelLibrary) -> Result<CompilerBuilder, LibraryError> {
        library.register(&mut self.registry)?;
        self.libraries.push(library);
        Ok(self)
    }

    /// Adds the rewrite rules of a text; `file` names it in errors.
    ///
    /// # Errors
    /// Where and why the text is no file of rules.
    pub fn rules(mut self, file: &str, text: &str) -> Result<CompilerBuilder, CompileError> {
        match self.registry.rules(file, text) {
            Ok(_) => Ok(self),
            Err(RegistryError::Rule { file, error }) => {
                let place = format!("{file}:{}:{}", error.at.line, error.at.column);
                Err(Diagnostic::error("P005", error.message).at(place).into())
            }
            Err(e) => Err(Diagnostic::error("P005", e.to_string()).at(file).into()),
        }
    }

    /// Has an accelerator that is registered claim what it computes for less than the core, in every model that is compiled.
    ///
    /// # Errors
    /// If none has the name.
    pub fn accelerator(mut self, name: &str) -> Result<CompilerBuilder, RegistryError> {
        let all = self.registry.accelerators();
        let Some(accelerator) = all.iter().find(|a| a.name() == name) else {
            let names: Vec<String> = all.iter().map(|a| format!("`{}`", a.name())).collect();
            let known = match names.is_empty() {
                true => "there is none; a plug-in can bring one".to_owned(),
                false => format!("there is {}", names.join(", ")),
            };
            return Err(RegistryError::Other(format!(
                "no accelerator has the name `{name}`: {known}"
            )));
        };
        if let Some(code) = accelerator.driver_code() {
            self.libraries.push(KernelLibrary::of_code(
                &code.library,
                &code.sources,
                &code.include,
            ));
        }
        self.accelerators.push(name.to_owned());
        Ok(self)
    }

    /// Loads a plug-in, a shared library that exports what `thumbwright/plugin.h` says, and adds what it registers. The library stays
    /// loaded as long as the compiler, or anything of it, lives.
    ///
    /// This runs the library's code, with all rights of the process.
    ///
    /// # Errors
    /// If the file is no plug-in that this Thumbwright can use, or a name is taken.
    pub fn plugin(mut self, path: impl AsRef<Path>) -> Result<CompilerBuilder, PluginError> {
        plugin::load(path.as_ref(), &mut self.registry)?;
        Ok(self)
    }

    /// Adds a planning algorithm, to be asked for by its name.
    ///
    /// # Errors
    /// If the name is taken.
    pub fn algorithm(
        mut self,
        algorithm: impl usmp::Algorithm + 'static,
    ) -> Result<CompilerBuilder, RegistryError> {
        self.registry.algorithm(algorithm)?;
        Ok(self)
    }

    /// The registry by itself, for tests of passes.
    pub fn freeze(self) -> Registry {
        self.registry.freeze()
    }

    /// The compiler.
    pub fn build(self) -> Compiler {
        Compiler {
            registry: Arc::new(self.registry.freeze()),
            libraries: self.libraries.into(),
            accelerators: self.accelerators.into(),
            import: ImportOptions::default(),
        }
    }
}

/// The compiler: a registry of dialects, passes, schedules and targets. One serves any number of threads.
#[derive(Clone)]
pub struct Compiler {
    registry: Arc<Registry>,
    libraries: Arc<[KernelLibrary]>,
    accelerators: Arc<[String]>,
    import: ImportOptions,
}

/// How model files are taken.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ImportOptions {
    /// Of ONNX files: shapes, and the layout of inputs.
    pub onnx: frontends::onnx::ImportOptions,
    /// Whether constants of ONNX files are read from other files in the model's folder, where the model says that they are there.
    pub external_data: bool,
    /// What ONNX files compute between DequantizeLinear and QuantizeLinear in.
    pub qdq: Arithmetic,
}

impl Compiler {
    /// With everything that comes with Thumbwright, and nothing else.
    ///
    /// # Errors
    /// If the built-in parts contradict each other.
    pub fn new() -> Result<Compiler, RegistryError> {
        Ok(Self::builder()?.build())
    }

    /// With everything that comes with Thumbwright, and what is added to it.
    ///
    /// # Errors
    /// If the built-in parts contradict each other.
    pub fn builder() -> Result<CompilerBuilder, RegistryError> {
        let mut registry = Registry::builder(Targets::builtin());
        ir::dialects::register_all(&mut registry.dialects)?;
        interp::register(&mut registry.dialects)?;
        passes::register(&mut registry)?;
        Ok(CompilerBuilder {
            registry,
            libraries: Vec::new(),
            accelerators: Vec::new(),
        })
    }

    /// With a registry of one's own.
    pub fn with_registry(registry: Arc<Registry>) -> Compiler {
        Compiler {
            registry,
            libraries: Arc::new([]),
            accelerators: Arc::new([]),
            import: ImportOptions::default(),
        }
    }

    /// The same compiler, taking model files in another way.
    pub fn with_import(self, import: ImportOptions) -> Compiler {
        Compiler { import, ..self }
    }

    /// What is registered.
    pub fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    /// A target by name.
    ///
    /// # Errors
    /// With the nearest name.
    pub fn target(&self, name: &str) -> Result<&Target, CompileError> {
        self.registry
            .targets()
            .get(name)
            .map_err(|e| Diagnostic::error("D001", e.to_string()).into())
    }

    /// The pipeline of a compile, with what the registry's third parties added to it, and the accelerators that were asked for.
    pub fn default_pipeline(&self, options: &PipelineOptions) -> Pipeline {
        let mut options = options.clone();
        options.rules.with.extend(self.accelerators.iter().cloned());
        passes::default_pipeline(&self.registry, &options)
    }

    /// Imports and verifies a model: a .tflite file, an ONNX one if `file` ends in `.onnx`, or the network as MLIR text if it ends in `.mlir`.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn import(&self, file: &str, bytes: &[u8]) -> Result<(Module, Diagnostics), CompileError> {
        let base = base_name(file);
        if base.ends_with(".mlir") {
            let source = std::str::from_utf8(bytes).map_err(|e| {
                let message = format!("it is not UTF-8 from byte {}", e.valid_up_to());
                CompileError(Diagnostic::error("D005", message).at(base).into())
            })?;
            let registry = self.registry.dialects().clone();
            let m = ir::text::parse(source, base, registry, &ir::text::ParseOptions::default())
                .map_err(CompileError)?;
            ir::verify::verify(&m).map_err(CompileError)?;
            return Ok((m, Diagnostics::new()));
        }
        if base.ends_with(".onnx") {
            let folder = Path::new(file)
                .parent()
                .filter(|_| self.import.external_data);
            let (options, dialects) = (&self.import.onnx, self.registry.dialects().clone());
            let imported = frontends::onnx::import(bytes, base, folder, options, dialects)
                .map_err(|e| CompileError(e.into()))?;
            let (mut m, mut remarks) = (imported.module, imported.remarks);
            let root = m.root();
            let mut fuel = Fuel::unlimited();
            remarks.extend(quantize_graph(&mut m, root, self.import.qdq, &mut fuel));
            ir::verify::verify(&m).map_err(CompileError)?;
            return Ok((m, remarks));
        }
        let imported = frontends::tflite::import(bytes, base, self.registry.dialects().clone())
            .map_err(|e| CompileError(e.into()))?;
        ir::verify::verify(&imported.module).map_err(CompileError)?;
        Ok((imported.module, imported.remarks))
    }

    /// Compiles a model; `file` is its name for messages, locations and the default C prefix.
    ///
    /// # Errors
    /// What is wrong with the file, the options, or the pipeline.
    pub fn compile(
        &self,
        file: &str,
        bytes: &[u8],
        options: &CompileOptions,
    ) -> Result<Compiled, CompileError> {
        self.compile_observed(file, bytes, options, &mut ())
    }

    /// As [`compile`](Self::compile); `observer` sees the module around every pass.
    ///
    /// # Errors
    /// As [`compile`](Self::compile).
    pub fn compile_observed(
        &self,
        file: &str,
        bytes: &[u8],
        options: &CompileOptions,
        observer: &mut dyn Instrumentation,
    ) -> Result<Compiled, CompileError> {
        let (network, remarks) = self.import(file, bytes)?;
        let mut compiled = self.lower(file, network, sha256(bytes), options, observer)?;
        let mut diagnostics = remarks;
        diagnostics.extend(compiled.diagnostics);
        compiled.diagnostics = diagnostics;
        Ok(compiled)
    }

    /// Compiles a network that is in memory already, as [`import`](Self::import) makes them; its [hash](Compiled::hash) is that of its text.
    ///
    /// # Errors
    /// As [`compile`](Self::compile).
    pub fn compile_network(
        &self,
        file: &str,
        network: Module,
        options: &CompileOptions,
        observer: &mut dyn Instrumentation,
    ) -> Result<Compiled, CompileError> {
        ir::verify::verify(&network).map_err(CompileError)?;
        let hash = sha256(ir::text::print_module(&network).as_bytes());
        self.lower(file, network, hash, options, observer)
    }

    /// Runs the pipeline on a verified network.
    fn lower(
        &self,
        file: &str,
        network: Module,
        hash: String,
        options: &CompileOptions,
        observer: &mut dyn Instrumentation,
    ) -> Result<Compiled, CompileError> {
        let target = self.target(&options.target)?.clone();
        let name = options.name.clone().unwrap_or_else(|| module_name(file));
        if !is_identifier(&name) {
            let d = Diagnostic::error("D002", format!("`{name}` is no name for C"));
            return Err(d
                .help("give `--name` letters, digits and `_`, a letter first, and no word of C or C++")
                .into());
        }
        let pipeline = match &options.pipeline {
            None => self.default_pipeline(&options.tuning),
            Some(text) => {
                Pipeline::parse(text).map_err(|e| Diagnostic::error("P001", e.to_string()))?
            }
        };
        let mut module = network.clone();
        let mut stages = Stages {
            keep: options.keep_stages,
            list: Vec::new(),
            observer,
        };
        stages.keep("import", &module);
        let mut cx = PassCx::new(&self.registry, &target);
        cx.allow_external = options.allow_external;
        let manager = ManagerOptions {
            verify_each: options.verify_each,
            ..ManagerOptions::default()
        };
        if pass::run_pipeline(&pipeline, &mut module, &mut cx, manager, &mut stages).is_err() {
            return Err(CompileError(cx.diagnostics));
        }
        let diagnostics = cx.diagnostics;
        if let Err(errors) = ir::verify::verify(&module) {
            let mut all = Diagnostics::from(
                Diagnostic::error("D004", "the pipeline made a module that does not verify")
                    .help("`--verify-each` names the pass"),
            );
            all.extend(errors);
            return Err(CompileError(all));
        }
        let Some(memory) = MemoryMap::of(&module) else {
            let d = Diagnostic::error("D003", "the pipeline does not lower the network");
            return Err(d
                .help(format!(
                    "end it as the default one does: {}",
                    self.default_pipeline(&options.tuning)
                ))
                .into());
        };
        Ok(Compiled {
            libraries: called(&self.libraries, &module),
            shared: None,
            name,
            file: file.to_owned(),
            hash,
            target,
            pipeline: pipeline.to_string(),
            network,
            module,
            memory,
            diagnostics,
            stages: stages.list,
        })
    }
}

struct Stages<'o> {
    keep: bool,
    list: Vec<Stage>,
    observer: &'o mut dyn Instrumentation,
}

impl Stages<'_> {
    fn keep(&mut self, name: &str, m: &Module) {
        if self.keep {
            self.list.push(Stage {
                name: name.to_owned(),
                text: ir::text::print_module(m),
            });
        }
    }
}

impl Instrumentation for Stages<'_> {
    fn before(&mut self, run: &PassRun<'_>, m: &Module) {
        self.observer.before(run, m);
    }

    fn after(&mut self, run: &PassRun<'_>, m: &Module) -> Result<(), Diagnostics> {
        self.keep(run.pass, m);
        self.observer.after(run, m)
    }
}

/// A path's last part, the name of a file in messages and locations.
pub(crate) fn base_name(file: &str) -> &str {
    file.rsplit(['/', '\\']).next().unwrap_or(file)
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect()
}

/// A compiled model: verified, and placed if the pipeline placed it.
#[derive(Clone, Debug)]
pub struct Compiled {
    name: String,
    file: String,
    hash: String,
    target: Target,
    pipeline: String,
    network: Module,
    module: Module,
    memory: MemoryMap,
    diagnostics: Diagnostics,
    stages: Vec<Stage>,
    libraries: Vec<KernelLibrary>,
    /// The arenas of the app that it is compiled for.
    shared: Option<SharedArenas>,
}

/// Those of the libraries whose functions a module calls.
fn called(libraries: &[KernelLibrary], m: &Module) -> Vec<KernelLibrary> {
    let ops = m.walk(m.root(), ir::WalkOrder::Pre).into_iter();
    let calls = ops.filter_map(|op| CallExternOp::cast(m, op));
    let linked: BTreeSet<String> = calls.filter_map(|c| c.library(m)).collect();
    let called = libraries.iter();
    called
        .filter(|l| linked.contains(l.link_name()))
        .cloned()
        .collect()
}

impl Compiled {
    /// Prefix of the public C names.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The model file's name as given.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// SHA-256 of the model file, in hexadecimal.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// What it is compiled for.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The pipeline that ran.
    pub fn pipeline(&self) -> &str {
        &self.pipeline
    }

    /// The network as imported.
    pub fn network(&self) -> &Module {
        &self.network
    }

    /// The module after the pipeline.
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// What lives where and when.
    pub fn memory(&self) -> &MemoryMap {
        &self.memory
    }

    /// Remarks and warnings.
    pub fn diagnostics(&self) -> &Diagnostics {
        &self.diagnostics
    }

    /// The module's text at every stage, if it was asked for.
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// The kernel libraries that the C calls and is to be linked with.
    pub fn libraries(&self) -> &[KernelLibrary] {
        &self.libraries
    }

    /// The layers of the imported network.
    pub fn layers(&self) -> Vec<Layer> {
        layers(&self.network)
    }

    /// Inputs of the network, in the model's order.
    pub fn inputs(&self) -> Vec<TensorInfo> {
        tensors(&self.network).0
    }

    /// Outputs of the network, in the model's order.
    pub fn outputs(&self) -> Vec<TensorInfo> {
        tensors(&self.network).1
    }

    /// What the network keeps from one run to the next, in the model's order.
    pub fn states(&self) -> Vec<TensorInfo> {
        states(&self.network)
    }

    /// Alignment of the arena in bytes; of several, the largest.
    pub fn arena_align(&self) -> u64 {
        let align = |symbol: &str| {
            let global = self.module.lookup_symbol(symbol)?;
            let align = self.module.prop(global, "alignment")?;
            u64::try_from(self.module.attr_int(align)?).ok()
        };
        let arenas = self.memory.arenas.iter();
        arenas
            .filter_map(|a| align(&a.symbol))
            .max()
            .unwrap_or(passes::plan_memory::ARENA_ALIGN)
    }

    /// The arenas that the C works in.
    ///
    /// # Errors
    /// A global of the module is no arena that C can have.
    pub fn arenas(&self) -> Result<Vec<MemoryNeed>, CompileError> {
        let verified = ir::verify::verify(&self.module).map_err(CompileError)?;
        codegen_c::arenas(verified).map_err(CompileError)
    }

    /// The arenas of the app that the model is a part of, if it is one.
    pub fn shared_arenas(&self) -> Option<&SharedArenas> {
        self.shared.as_ref()
    }

    /// Makes the C work in the arenas of an app.
    pub(crate) fn share(&mut self, arenas: SharedArenas) {
        self.shared = Some(arenas);
    }

    /// The C, file by file, and the names of its kernels.
    ///
    /// # Errors
    /// What cannot be written in C.
    pub fn c(&self) -> Result<codegen_c::CFiles, CompileError> {
        let verified = ir::verify::verify(&self.module).map_err(CompileError)?;
        codegen_c::emit(verified, &self.target, &self.c_options()).map_err(CompileError)
    }

    /// The names of the C API, and what its header states.
    pub(crate) fn c_options(&self) -> codegen_c::Options {
        codegen_c::Options {
            name: self.name.clone(),
            model_hash: Some(format!("sha256:{}", self.hash)),
            stack_bytes: None,
            shared: self.shared.clone(),
        }
    }

    /// The C files: header, source, data, build file, example.
    ///
    /// # Errors
    /// What cannot be written in C.
    pub fn c_files(&self) -> Result<Vec<File>, CompileError> {
        let c = self.c()?;
        let file = |f: &codegen_c::File| File {
            path: f.path.clone(),
            text: f.text.clone(),
        };
        Ok(c.files().into_iter().map(file).collect())
    }

    /// The module's text at every stage as files, if it was asked for: `mlir/NN-STAGE.mlir`.
    pub fn stage_files(&self) -> Vec<File> {
        let file = |(i, stage): (usize, &Stage)| File {
            path: format!("mlir/{i:02}-{}.mlir", stage.name),
            text: stage.text.clone(),
        };
        self.stages.iter().enumerate().map(file).collect()
    }
}

/// Inputs and outputs of an imported network, in the model's order; its states are neither.
pub fn tensors(m: &Module) -> (Vec<TensorInfo>, Vec<TensorInfo>) {
    let (mut arguments, mut results) = interface(m);
    let states = m.lookup_symbol("main").map_or(0, |f| network_states(m, f));
    arguments.truncate(arguments.len() - states);
    results.truncate(results.len().saturating_sub(states));
    (arguments, results)
}

/// What an imported network keeps between runs, in order.
pub fn states(m: &Module) -> Vec<TensorInfo> {
    let states = m.lookup_symbol("main").map_or(0, |f| network_states(m, f));
    let mut arguments = interface(m).0;
    arguments.split_off(arguments.len() - states)
}

/// Arguments and results of an imported network.
fn interface(m: &Module) -> (Vec<TensorInfo>, Vec<TensorInfo>) {
    let Some(main) = m.lookup_symbol("main") else {
        return (Vec::new(), Vec::new());
    };
    let name = |a: Option<ir::Attr>| a.and_then(|a| m.attr_str(a)).unwrap_or_default().to_owned();
    let arguments = m
        .entry_block(main)
        .map(|b| m.block_args(b).to_vec())
        .unwrap_or_default();
    let results = func::return_values(m, main);
    let argument = |i| name(func::arg_attr(m, main, i, "mcu.name"));
    let result = |i| name(func::result_attr(m, main, i, "mcu.name"));
    let arguments = arguments.iter().enumerate();
    let results = results.iter().enumerate();
    (
        arguments
            .map(|(i, &v)| tensor_info(m, v, argument(i)))
            .collect(),
        results
            .map(|(i, &v)| tensor_info(m, v, result(i)))
            .collect(),
    )
}
