#!/usr/bin/env bash
# Software:    github.com/rabbitmq/amqp091-go v1.16.0 (its recovery of connections)
# Guess:       a connection whose secret was updated by UpdateSecret, as is done with OAuth 2.0 tokens before they expire, logs
#              in with that secret when the library recovers it.
# Happens:     it logs in with the secret of the first Dial, which has expired by then: the connection lives as long as nothing
#              cuts it, and never comes back afterwards.
# Consequence: with tokens, leave recovery off, and dial again with the current token when NotifyClose reports the end.
# Date:        2026-11. Needs Go, no broker: a listener speaks the few methods of the handshake. Installs nothing outside a
#              temporary folder and Go's module cache.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
export GOFLAGS=-mod=mod GOWORK=off
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }

cat > main.go <<'EOF2'
package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

func text(s string) []byte { return append(binary.BigEndian.AppendUint32(nil, uint32(len(s))), s...) }

func cut(b []byte) (string, []byte) {
	n := 4 + binary.BigEndian.Uint32(b)
	return string(b[4:n]), b[n:]
}

// serve speaks AMQP 0-9-1 up to an open connection, and reports each secret that it gets.
func serve(conn net.Conn, secrets chan<- string) {
	in := bufio.NewReader(conn)
	send := func(class, method uint16, arguments ...[]byte) {
		payload := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, class), method)
		for _, a := range arguments {
			payload = append(payload, a...)
		}
		frame := binary.BigEndian.AppendUint32([]byte{1, 0, 0}, uint32(len(payload)))
		conn.Write(append(append(frame, payload...), 0xCE))
	}
	io.ReadFull(in, make([]byte, 8))
	send(10, 10, []byte{0, 9}, text(""), text("PLAIN"), text("en_US")) // start
	for {
		head := make([]byte, 7)
		if _, err := io.ReadFull(in, head); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint32(head[3:])+1)
		if _, err := io.ReadFull(in, body); err != nil || head[0] != 1 {
			continue
		}
		switch arguments := body[4:]; binary.BigEndian.Uint16(body[2:]) {
		case 11: // start-ok
			_, arguments = cut(arguments)
			response, _ := cut(arguments[1+int(arguments[0]):])
			secrets <- "logs in with " + response[strings.LastIndexByte(response, 0)+1:]
			send(10, 30, []byte{0, 0, 0, 2, 0, 0, 0, 0}) // tune
		case 40: // open
			send(10, 41, []byte{0})
		case 70: // update-secret
			secret, _ := cut(arguments)
			secrets <- "updates to " + secret
			send(10, 71)
		case 50: // close
			send(10, 51)
		}
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	secrets, conns := make(chan string, 10), make(chan net.Conn, 10)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conns <- conn
			go serve(conn, secrets)
		}
	}()
	next := func() string {
		select {
		case s := <-secrets:
			fmt.Println(s)
			return s
		case <-time.After(40 * time.Second):
			fmt.Println("nothing for 40 s")
			return ""
		}
	}
	connection, err := amqp.DialConfig("amqp://orders:token-1@"+listener.Addr().String()+"/", amqp.Config{Recovery: &amqp.Recovery{}})
	if err != nil {
		panic(err)
	}
	first := next()
	if err := connection.UpdateSecret("token-2", "the first one expires"); err != nil {
		panic(err)
	}
	updated := next()
	(<-conns).Close() // the network
	recovered := next()
	connection.Close()
	if first != "logs in with token-1" || updated != "updates to token-2" || recovered != "logs in with token-1" {
		fmt.Println("this has changed")
		os.Exit(1)
	}
}
EOF2
quiet go mod init finding
quiet go get github.com/rabbitmq/amqp091-go@v1.16.0
quiet go build -o finding .
echo "guess:   the recovered connection logs in with token-2, to which the secret was updated"
timeout 100 ./finding
echo "happens: it logs in with token-1, of the first dial"
