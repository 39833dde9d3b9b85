// Connect WebSocket
const ws = new WebSocket('ws://localhost:2661/ws');
// Handle connection
ws.onopen = () => {
console.log('✅ Connected to HieraChain WebSocket');
// Subscribe to 'supply_chain'
ws.send(JSON.stringify({
action: 'subscribe',
chain_name: 'supply_chain'
}));
// Or subscribe by event type
ws.send(JSON.stringify({
action: 'subscribe',
chain_name: 'supply_chain',
event_type: 'production_complete'
}));
};
// Receive messages
ws.onmessage = (event) => {
const data = JSON.parse(event.data);
switch (data.type) {
case 'new_block':
console.log('🆕 New block:', data.data.block_hash);
break;
case 'new_event':
console.log('📝 New event:', data.data.event_type);
break;
case 'pong':
console.log('💚 Pong received');
break;
case 'error':
console.error('❌ Error:', data.message);
break;
}
};
// Handle errors
ws.onerror = (error) => {
console.error('WebSocket error:', error);
};
// Handle close
ws.onclose = () => {
console.log('🔌 Disconnected');
};
// Keep-alive: send ping every 30 seconds
setInterval(() => {
if (ws.readyState === WebSocket.OPEN) {
ws.send(JSON.stringify({ action: 'ping' }));
}
}, 30000);
