//! Who may join. A DNA whose properties carry a `membrane_code` lets in agents whose membrane proof carries the same
//! code; without the property everyone may join.

use hdi::prelude::*;

/// The DNA's properties, when it has any.
#[derive(Debug, Serialize, Deserialize)]
struct Properties {
    membrane_code: String,
}

/// A membrane proof.
#[derive(Debug, Serialize, Deserialize)]
struct Proof {
    code: String,
}

pub(crate) fn check(proof: Option<&MembraneProof>) -> ExternResult<ValidateCallbackResult> {
    let Some(wanted) = wanted_code()? else { return Ok(ValidateCallbackResult::Valid) };
    let Some(proof) = proof else { return Ok(invalid("a membrane proof is required")) };
    // A proof comes from a peer: what cannot be read is refused, it is not an error of the zome.
    match decode::<_, Proof>(proof.bytes()) {
        Ok(Proof { code }) if code == wanted => Ok(ValidateCallbackResult::Valid),
        Ok(_) => Ok(invalid("the membrane proof carries another code")),
        Err(_) => Ok(invalid("the membrane proof is not a map with the field code")),
    }
}

fn wanted_code() -> ExternResult<Option<String>> {
    let properties = dna_info()?.modifiers.properties;
    // A DNA without properties has the value nil there.
    let properties: Option<Properties> = decode(properties.bytes()).map_err(|e| wasm_error!(e))?;
    Ok(properties.map(|p| p.membrane_code))
}

fn invalid(reason: &str) -> ValidateCallbackResult {
    ValidateCallbackResult::Invalid(reason.to_owned())
}
