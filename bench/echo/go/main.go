// SPDX-License-Identifier: MIT

// An echo server as everyone writes it in Go: a goroutine per connection, read then write.
package main

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
)

func main() {
	// The other servers are one thread of program; the generator has the other core.
	runtime.GOMAXPROCS(1)
	size := 4096
	if n, err := strconv.Atoi(os.Getenv("BUFFER")); err == nil && n > 0 {
		size = n
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("listening on %s (%s, net)\n", listener.Addr(), runtime.Version())
	for {
		conn, err := listener.Accept()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		go echo(conn, size)
	}
}

// Any error, ECONNRESET of a vanished peer included, is the end of that connection only.
func echo(conn net.Conn, size int) {
	defer conn.Close()
	buf := make([]byte, size)
	for {
		n, err := conn.Read(buf)
		if n > 0 {
			if _, err := conn.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
