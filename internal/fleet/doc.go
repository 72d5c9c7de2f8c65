// Package fleet runs many processes of the client that share a token, or do not: to measure what they cost together,
// and to see what becomes of their requests while processes are killed and stopped and the store fails.
//
//	fleet.go, process.go   the processes, as seen by the program that has started them
//	orders.go, observe.go  what they are asked for; what is known of them
//	agreement.go           whether they have the same token
//	server.go, token.go    the token endpoint and the API that they use
//	child.go, callers.go   what runs in each process: an ordinary user of the client
//	task.go, event.go      what passes between the two, as JSON on standard input and output
//	usage.go               what the system knows of a process: memory, processor time, connections
//
// A process is the same program once more, whose main function calls [Main] if [IsProcess] says so. It ends when its
// standard input does, so none outlives the program that has started it.
package fleet
