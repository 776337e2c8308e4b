//! Debug information: from code to lines of the module's text, and to the layers.
//!
//! The text is what `ir::text` prints of the placed module. Each function has a line, that of its `func.func`, and each instruction that
//! of the op that it comes from. As layers share kernels, no line of a kernel tells the layer. In `@main` each layer is therefore an
//! inlined function with the layer's name: a backtrace has it as a frame between the kernel and the caller.

use inkwell::builder::Builder;
use inkwell::context::Context;
use inkwell::debug_info::{
    AsDIScope, DICompileUnit, DIFlags, DIFlagsConstants, DILocation, DISubprogram,
    DWARFEmissionKind, DWARFSourceLanguage, DebugInfoBuilder, debug_metadata_version,
};
use inkwell::module::{FlagBehavior, Module as LlvmModule};
use inkwell::values::FunctionValue;
use ir::text::Listing;
use ir::{Module, OpId};
use rustc_hash::FxHashMap;
use std::cell::RefCell;

/// What debuggers for microcontrollers read, old ones too.
const DWARF_VERSION: u64 = 4;

/// A layer by name and index in the imported model.
type LayerKey = (String, Option<u32>);

/// A layer's function, and where it stands in `@main`.
type Layer<'ctx> = (DISubprogram<'ctx>, DILocation<'ctx>);

pub(crate) struct Debug<'ctx> {
    context: &'ctx Context,
    builder: DebugInfoBuilder<'ctx>,
    unit: DICompileUnit<'ctx>,
    listing: Listing,
    main: Option<OpId>,
    layers: RefCell<FxHashMap<LayerKey, Layer<'ctx>>>,
}

impl<'ctx> Debug<'ctx> {
    /// Of a module whose text is kept under that file name.
    pub(crate) fn new(
        context: &'ctx Context,
        llvm: &LlvmModule<'ctx>,
        m: &Module,
        file: &str,
    ) -> Debug<'ctx> {
        let word = context.i32_type();
        let metadata = word.const_int(u64::from(debug_metadata_version()), false);
        llvm.add_basic_value_flag("Debug Info Version", FlagBehavior::Warning, metadata);
        let version = word.const_int(DWARF_VERSION, false);
        llvm.add_basic_value_flag("Dwarf Version", FlagBehavior::Warning, version);
        // The file is named without a folder, so that what is built does not depend on where.
        let (builder, unit) = llvm.create_debug_info_builder(
            false,
            // For its expressions: a debugger knows no MLIR.
            DWARFSourceLanguage::C99,
            file,
            "",
            "thumbwright",
            true,
            "",
            0,
            "",
            DWARFEmissionKind::Full,
            0,
            false,
            false,
            "",
            "",
        );
        Debug {
            context,
            builder,
            unit,
            listing: ir::text::list_module(m),
            main: m.lookup_symbol("main"),
            layers: RefCell::default(),
        }
    }

    fn line(&self, op: OpId) -> u32 {
        self.listing.line(op).unwrap_or(0)
    }

    fn subprogram(&self, name: &str, line: u32, is_local: bool) -> DISubprogram<'ctx> {
        let (b, file) = (&self.builder, self.unit.get_file());
        let ty = b.create_subroutine_type(file, None, &[], DIFlags::ZERO);
        b.create_function(
            self.unit.as_debug_info_scope(),
            name,
            Some(""),
            file,
            line,
            ty,
            is_local,
            true,
            line,
            DIFlags::ZERO,
            true,
        )
    }

    /// Says of a function that it is an op of the module, by default `@main`, and lets the code that follows stand in the op's first line.
    pub(crate) fn begin(
        &self,
        function: FunctionValue<'ctx>,
        op: Option<OpId>,
        builder: &Builder<'ctx>,
    ) {
        let line = op.or(self.main).map_or(0, |op| self.line(op));
        let name = function.get_name().to_string_lossy();
        let is_local = function.get_linkage() == inkwell::module::Linkage::Internal;
        let scope = self.subprogram(&name, line, is_local);
        function.set_subprogram(scope);
        builder.set_current_debug_location(self.location(line, scope, None));
    }

    /// Lets the code that follows come from an op of `func`, which is built as `function`.
    pub(crate) fn locate(
        &self,
        m: &Module,
        func: OpId,
        op: OpId,
        function: FunctionValue<'ctx>,
        builder: &Builder<'ctx>,
    ) {
        let Some(scope) = function.get_subprogram() else {
            return;
        };
        let line = self.line(op);
        let layer = match self.main == Some(func) {
            true => self.layer(m, op, scope),
            false => None,
        };
        builder.set_current_debug_location(match layer {
            Some((layer, at)) => self.location(line, layer, Some(at)),
            None => self.location(line, scope, None),
        });
    }

    /// The layer that an op of `@main` belongs to. It stands where its first op does.
    fn layer(&self, m: &Module, op: OpId, main: DISubprogram<'ctx>) -> Option<Layer<'ctx>> {
        let loc = m.op_loc(op);
        let name = m.layer_name(loc).filter(|n| !n.is_empty())?;
        let key = (name, m.operator_index(loc));
        if let Some(&known) = self.layers.borrow().get(&key) {
            return Some(known);
        }
        let line = self.line(op);
        let function = self.subprogram(&key.0, line, true);
        let layer = (function, self.location(line, main, None));
        self.layers.borrow_mut().insert(key, layer);
        Some(layer)
    }

    fn location(
        &self,
        line: u32,
        scope: DISubprogram<'ctx>,
        inlined_at: Option<DILocation<'ctx>>,
    ) -> DILocation<'ctx> {
        let scope = scope.as_debug_info_scope();
        self.builder
            .create_debug_location(self.context, line, 0, scope, inlined_at)
    }

    /// Completes what LLVM knows; the text that the lines are of.
    pub(crate) fn finish(self) -> String {
        self.builder.finalize();
        self.listing.text
    }
}
