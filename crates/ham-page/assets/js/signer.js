// Signs calls of `@holochain/client` with the key of this window's agent: the call goes to the server of this page, the
// signed bytes come back. The argument is encoded here as the client would encode it, because the server never sees
// JavaScript's values.
(() => {
  const text = new TextEncoder();

  // MessagePack, with the shortest form of every value.
  function encode(root) {
    let bytes = new Uint8Array(256), at = 0;
    const room = (more) => {
      if (at + more <= bytes.length) return;
      const larger = new Uint8Array(Math.max(bytes.length * 2, at + more));
      larger.set(bytes);
      bytes = larger;
    };
    const byte = (value) => { room(1); bytes[at] = value; at += 1; };
    const all = (values) => { room(values.length); bytes.set(values, at); at += values.length; };
    const view = (size, write) => { room(size); write(new DataView(bytes.buffer, at, size)); at += size; };
    const u16 = (value) => view(2, (v) => v.setUint16(0, value));
    const u32 = (value) => view(4, (v) => v.setUint32(0, value));
    const head = (count, small, of8, of16, of32) => {
      if (small !== null && count < small[1]) byte(small[0] | count);
      else if (of8 !== null && count < 256) { byte(of8); byte(count); }
      else if (count < 65536) { byte(of16); u16(count); }
      else { byte(of32); u32(count); }
    };
    const integer = (n) => {
      if (n >= 0) {
        if (n < 128) byte(n);
        else if (n < 256) { byte(0xcc); byte(n); }
        else if (n < 65536) { byte(0xcd); u16(n); }
        else if (n < 4294967296) { byte(0xce); u32(n); }
        else { byte(0xcf); view(8, (v) => v.setBigUint64(0, BigInt(n))); }
      } else if (n >= -32) byte(256 + n);
      else if (n >= -128) { byte(0xd0); view(1, (v) => v.setInt8(0, n)); }
      else if (n >= -32768) { byte(0xd1); view(2, (v) => v.setInt16(0, n)); }
      else if (n >= -2147483648) { byte(0xd2); view(4, (v) => v.setInt32(0, n)); }
      else { byte(0xd3); view(8, (v) => v.setBigInt64(0, BigInt(n))); }
    };
    const put = (value, depth) => {
      if (depth > 100) throw new Error('the argument is nested too deeply');
      if (value === null || value === undefined) byte(0xc0);
      else if (value === true || value === false) byte(value ? 0xc3 : 0xc2);
      else if (typeof value === 'number') {
        if (Number.isSafeInteger(value)) integer(value); else { byte(0xcb); view(8, (v) => v.setFloat64(0, value)); }
      } else if (typeof value === 'bigint') {
        if (value >= 0n) { byte(0xcf); view(8, (v) => v.setBigUint64(0, value)); } else { byte(0xd3); view(8, (v) => v.setBigInt64(0, value)); }
      } else if (typeof value === 'string') {
        const written = text.encode(value);
        head(written.length, [0xa0, 32], 0xd9, 0xda, 0xdb);
        all(written);
      } else if (ArrayBuffer.isView(value)) {
        const raw = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
        head(raw.length, null, 0xc4, 0xc5, 0xc6);
        all(raw);
      } else if (Array.isArray(value)) {
        head(value.length, [0x90, 16], null, 0xdc, 0xdd);
        for (const item of value) put(item, depth + 1);
      } else if (typeof value === 'object') {
        const keys = Object.keys(value);
        head(keys.length, [0x80, 16], null, 0xde, 0xdf);
        for (const key of keys) { put(key, depth + 1); put(value[key], depth + 1); }
      } else throw new Error(`a ${typeof value} cannot be sent to a zome`);
    };
    put(root, 0);
    return bytes.slice(0, at);
  }

  const signer = (path) => ({
    async signZomeCall(request) {
      const { cell_id, zome_name, fn_name, cap_secret } = request;
      const asked = encode({ cell_id, zome_name, fn_name, cap_secret: cap_secret ?? null, payload: encode(request.payload) });
      const answer = await fetch(path, { method: 'POST', body: asked, headers: { 'Content-Type': 'application/msgpack' } });
      if (!answer.ok) throw new Error(`ham dev refuses to sign this call: ${(await answer.json()).detail}`);
      const signed = new Uint8Array(await answer.arrayBuffer());
      return { signature: signed.slice(0, 64), bytes: signed.slice(64) };
    },
  });
