//! What can go wrong between a C file and its result.

use std::fmt;

use thiserror::Error;

/// Why a program could not be built or did not run to its end.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EmulateError {
    /// A program that is needed is not installed.
    #[error("{program} is not found; install the Debian package {package}")]
    ToolMissing {
        /// The program.
        program: String,
        /// The Debian package that holds it.
        package: String,
    },
    /// The target cannot be emulated, or names a machine that is not known.
    #[error("target {target}: {what}")]
    Target {
        /// The target's name.
        target: String,
        /// What is wrong and what to do.
        what: String,
    },
    /// A case's description is wrong.
    #[error("case {case}: {what}")]
    Case {
        /// The case's name.
        case: String,
        /// What is wrong.
        what: String,
    },
    /// The compiler or the linker refused.
    #[error("{tool} failed on {input}:\n{messages}")]
    Tool {
        /// The program that failed.
        tool: String,
        /// The file that it worked on.
        input: String,
        /// What it printed.
        messages: String,
    },
    /// The program is larger than the memory of every machine that executes the target's instructions.
    #[error("the program does not fit {machine}: {messages}")]
    DoesNotFit {
        /// The largest machine.
        machine: String,
        /// What the linker said.
        messages: String,
    },
    /// The processor faulted.
    #[error("{0}")]
    Fault(Box<Fault>),
    /// The program stopped before its end without a fault report: a lock-up, a signal, a sanitizer's finding.
    #[error("{program} stopped with {status}{}:\n{messages}", .case.as_ref().map(|c| format!(" in case {c}")).unwrap_or_default())]
    Stopped {
        /// QEMU's machine or `host`.
        program: String,
        /// Exit code or signal.
        status: String,
        /// The case that ran, where it is known.
        case: Option<String>,
        /// What was printed.
        messages: String,
    },
    /// The program ran longer than it may.
    #[error("{program} ran for more than {seconds} s and was stopped")]
    Timeout {
        /// QEMU's machine or `host`.
        program: String,
        /// The limit in seconds.
        seconds: u64,
    },
    /// The inputs do not match the case.
    #[error("case {case}: {what}")]
    Input {
        /// The case's name or index.
        case: String,
        /// What does not match.
        what: String,
    },
    /// A file of the tools or of the program cannot be understood.
    #[error("{file}: {what}")]
    Format {
        /// The file.
        file: String,
        /// What is wrong with it.
        what: String,
    },
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file or directory.
        path: String,
        /// The system's reason.
        source: std::io::Error,
    },
}

/// A processor fault, as the fault handler reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The machine that ran.
    pub machine: String,
    /// The case that ran; empty outside of a run.
    pub case: String,
    /// Address of the instruction.
    pub pc: u32,
    /// The function at `pc`, if a symbol covers it.
    pub function: Option<String>,
    /// Configurable fault status register (zero on Armv6-M).
    pub cfsr: u32,
    /// Hard fault status register (zero on Armv6-M).
    pub hfsr: u32,
    /// Bus fault address register; valid when CFSR says so.
    pub bfar: u32,
}

impl Fault {
    /// The causes that CFSR names (Armv7-M ARM, B3.2.15), most specific first.
    pub fn causes(&self) -> Vec<&'static str> {
        const CAUSES: [(u32, &str); 14] = [
            (24, "unaligned access"),
            (25, "division by zero"),
            (16, "undefined instruction"),
            (17, "invalid state (branch to an even address)"),
            (18, "invalid return address"),
            (19, "coprocessor or floating-point unit disabled"),
            (20, "stack overflow"),
            (9, "precise data bus error"),
            (10, "imprecise data bus error"),
            (8, "instruction bus error"),
            (12, "bus error while stacking"),
            (0, "instruction fetch from a forbidden address"),
            (1, "data access to a forbidden address"),
            (4, "memory fault while stacking"),
        ];
        CAUSES
            .iter()
            .filter(|(bit, _)| self.cfsr >> bit & 1 == 1)
            .map(|&(_, text)| text)
            .collect()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: processor fault", self.machine)?;
        if !self.case.is_empty() {
            write!(f, " in case {}", self.case)?;
        }
        write!(f, " at {:#010x}", self.pc)?;
        if let Some(function) = &self.function {
            write!(f, " ({function})")?;
        }
        let causes = self.causes();
        if !causes.is_empty() {
            write!(f, ": {}", causes.join(", "))?;
        }
        if self.cfsr >> 15 & 1 == 1 {
            write!(f, " at address {:#010x}", self.bfar)?;
        }
        write!(f, " (CFSR {:#010x}, HFSR {:#010x})", self.cfsr, self.hfsr)
    }
}

/// The error of a file operation on `path`.
pub(crate) fn io_error(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> EmulateError + '_ {
    move |source| EmulateError::Io {
        path: path.display().to_string(),
        source,
    }
}
