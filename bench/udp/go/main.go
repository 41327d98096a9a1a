// SPDX-License-Identifier: MIT
// UDP echo in Go, on one processor: `main PORT`.
package main

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
)

func main() {
	runtime.GOMAXPROCS(1)
	at, err := netip.ParseAddrPort("127.0.0.1:" + os.Args[1])
	if err != nil {
		panic(err)
	}
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(at))
	if err != nil {
		panic(err)
	}
	fmt.Println("listening")
	buf := make([]byte, 65536)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			panic(err)
		}
		if _, err := conn.WriteToUDPAddrPort(buf[:n], from); err != nil {
			panic(err)
		}
	}
}
