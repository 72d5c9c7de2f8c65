// Clients in Node: client.mjs KIND ADDRESS SECRET COUNT PAUSE [FILE]
//
// KIND is http (the module) or fetch. ADDRESS is the path of a Unix socket, which fetch does not know, or HOST:PORT. COUNT
// requests are sent, PAUSE seconds apart, or the content of FILE once. Each prints a line: BODY|STATUS|ERROR.
import { createReadStream, openAsBlob } from 'node:fs'
import http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

const [kind, address, secret, count, pause, upload] = process.argv.slice(2)
const headers = secret ? { 'Alf-Caller-Secret': secret } : {}
const agent = new http.Agent({ keepAlive: true })

const byModule = (method, path, body) => new Promise((resolve, reject) => {
	const [host, port] = address.split(':')
	const where = address.startsWith('/') ? { socketPath: address, host: 'localhost' } : { host, port }
	const request = http.request({ ...where, agent, method, path, headers }, response => {
		let text = ''
		response.setEncoding('utf8')
		response.on('data', part => { text += part })
		response.on('end', () => resolve([text, response.statusCode, response.headers['alf-error'] ?? '']))
		response.on('error', reject)
	})
	request.on('error', reject)
	if (typeof body === 'string') request.end(body)
	else body.pipe(request) // its length is not known: chunks
})

const byFetch = async (method, path, body) => {
	const response = await fetch(`http://${address}${path}`, { method, body, headers })
	return [await response.text(), response.status, response.headers.get('alf-error') ?? '']
}

const send = kind === 'http' ? byModule : byFetch
const report = ([text, status, error]) => console.log(`${status < 400 ? text.trim() : ''}|${status}|${error}`)

if (upload) {
	report(await send('PUT', '/upload', kind === 'http' ? createReadStream(upload) : await openAsBlob(upload)))
} else {
	for (let i = 0; i < Number(count); i++) {
		report(await send('POST', '/echo', 'hello'))
		await sleep(Number(pause) * 1000)
	}
}
agent.destroy()
