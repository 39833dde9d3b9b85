//! The interpreter, `wasmi`, and the host functions that its guests import.

use std::sync::{Arc, OnceLock};

use holochain_serialized_bytes as bytes;
use holochain_wasmer_common::{WasmError, WasmErrorInner, wasm_error};
use wasmi::{Caller, CompilationMode, Config, Engine, Linker};

use super::Host;
use super::failure::{Carried, exceeded, trap};
use super::function::HostFunction;
use super::memory::{GuestMemory, pack};
use super::share::Share;

/// What a guest's host functions work with.
pub(super) struct State {
    /// `None` before the call.
    pub(super) host: Option<Arc<dyn Host>>,
    pub(super) share: Share,
    pub(super) memory: Option<GuestMemory>,
}

impl AsMut<Share> for State {
    fn as_mut(&mut self) -> &mut Share {
        &mut self.share
    }
}

/// One engine for the process: modules belong to an engine, and the cache is shared.
pub(super) fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| {
        let mut config = Config::default();
        config
            .consume_fuel(true)
            .compilation_mode(CompilationMode::LazyTranslation)
            .ignore_custom_sections(true)
            // The bound on memory assumes this: one memory, of 32 bits.
            .wasm_multi_memory(false)
            .wasm_memory64(false);
        config.set_max_recursion_depth(MAX_DEPTH).set_max_stack_height(MAX_STACK);
        Engine::new(&config)
    })
}

pub(super) fn linker() -> &'static Linker<State> {
    static LINKER: OnceLock<Linker<State>> = OnceLock::new();
    LINKER.get_or_init(|| {
        let mut linker = Linker::new(engine());
        for &function in HostFunction::ALL {
            let import =
                move |caller: Caller<'_, State>, at: i32, length: i32| answer(caller, function, at, length);
            linker.func_wrap("env", function.import(), import).expect("every name is there once");
        }
        linker
    })
}

/// Takes the input of a host function, answers it, and leaves the answer with the guest.
fn answer(
    mut caller: Caller<'_, State>,
    function: HostFunction,
    at: i32,
    length: i32,
) -> Result<i64, wasmi::Error> {
    // Taken while it is in use: an allocator that calls the host, whose answer needs the allocator, would otherwise recurse on this
    // thread's stack until the process ends.
    let state = caller.data_mut();
    let (Some(host), Some(guest)) = (state.host.clone(), state.memory.take()) else {
        return Err(trap(WasmErrorInner::Host("called while starting or allocating".to_owned())));
    };
    let input = guest.take(&mut caller, at, length)?;
    let output = host.call(function, &input);
    // Whatever the guest would make of it: nothing is left of the root call, or of its time.
    if let Err(error) = caller.data().share.budget().check() {
        return Err(wasmi::Error::host(Carried(exceeded(error))));
    }
    let output = match output {
        Ok(output) => ok(&output),
        Err(error @ WasmError { error: WasmErrorInner::HostShortCircuit(_), .. }) => {
            return Err(wasmi::Error::host(Carried(error)));
        }
        Err(error) => bytes::encode(&Err::<(), _>(error))
            .map_err(|error| wasmi::Error::host(Carried(wasm_error!(error))))?,
    };
    let answer = guest.write(&mut caller, &output)?;
    caller.data_mut().memory = Some(guest);
    Ok(pack(answer))
}

/// The encoding of `Ok(output)` around an output that is already encoded: a map with one entry (`serde`'s form of an externally
/// tagged enum in MessagePack).
fn ok(output: &[u8]) -> Vec<u8> {
    const OK: &[u8] = b"\x81\xa2Ok";
    [OK, output].concat()
}

/// Nested calls inside a guest, and the values they keep: a runaway recursion ends in milliseconds.
const MAX_DEPTH: usize = 10_000;
const MAX_STACK: usize = 4 << 20;

#[cfg(test)]
mod tests {
    use super::{bytes, ok};

    #[test]
    fn an_answer_is_wrapped_as_serde_wraps_it() {
        for value in [0_u64, 300] {
            let encoded = bytes::encode(&value).expect("a number");
            assert_eq!(ok(&encoded), bytes::encode(&Ok::<_, ()>(value)).expect("a result"));
        }
    }
}
