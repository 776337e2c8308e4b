//! One run of an image under `qemu-system-arm`.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::error::{EmulateError, Fault};
use crate::image::Image;
use crate::machine::Machine;
use crate::process;

/// Runs `elf` on `machine` with `directory` as the working directory of its files.
pub(crate) fn run(
    qemu: &Path,
    machine: &Machine,
    elf: &Path,
    image: &Image,
    directory: &Path,
    arguments: &[String],
    timeout: Duration,
) -> Result<(), EmulateError> {
    let mut command = Command::new(qemu);
    command
        .current_dir(directory)
        .args([
            "-M",
            machine.name,
            "-display",
            "none",
            "-monitor",
            "none",
            "-serial",
            "none",
        ])
        .args(["-semihosting-config", "enable=on,target=native"])
        .args(arguments)
        .arg("-kernel")
        .arg(elf);
    let Some(finished) = process::run(&mut command, directory, timeout)? else {
        return Err(EmulateError::Timeout {
            program: machine.name.to_owned(),
            seconds: timeout.as_secs(),
        });
    };
    if finished.status.success() {
        return Ok(());
    }
    if let Some(fault) = parse_fault(&finished.text, machine.name, image) {
        return Err(EmulateError::Fault(Box::new(fault)));
    }
    Err(EmulateError::Stopped {
        program: machine.name.to_owned(),
        status: finished.status.to_string(),
        case: None,
        messages: finished.text,
    })
}

/// The fault handler's line, if there is one.
fn parse_fault(text: &str, machine: &str, image: &Image) -> Option<Fault> {
    let line = text
        .lines()
        .find_map(|line| line.split_once("tw-fault "))?
        .1;
    let field = |key: &str| {
        line.split(' ')
            .find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
    };
    let number = |key: &str| u32::from_str_radix(field(key)?, 16).ok();
    let pc = number("pc")?;
    let covering = image
        .function_at(pc)
        .filter(|f| f.size == 0 || pc - f.address < f.size);
    Some(Fault {
        machine: machine.to_owned(),
        case: field("case").unwrap_or_default().to_owned(),
        pc,
        function: covering.map(|f| f.name.clone()),
        cfsr: number("cfsr")?,
        hfsr: number("hfsr")?,
        bfar: number("bfar")?,
    })
}
