// SPDX-License-Identifier: MIT

// The shapes of bench:shapes by Go's net: the same loops as in netpoll.ts.
package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	message = 64
	head    = 16
	buffer  = 4096
	far     = time.Minute
	look    = 64
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	check(err)
	return n
}

// CPU time of the process in microseconds.
func cpu() float64 {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e3
}

// The warm-up, in times of what is measured: see measure.mjs.
const warmup = 3

// As count of measure.mjs.
type counter struct {
	ms        time.Duration
	began     time.Time
	cpuBegan  float64
	until     time.Time
	ops       int
	warm      bool
	over      bool
	rate, cpu float64
}

func count(ms string) *counter {
	now := time.Now()
	d := time.Duration(number(ms)) * time.Millisecond
	return &counter{ms: d, began: now, cpuBegan: cpu(), until: now.Add(warmup * d)}
}

func (c *counter) goOn() bool {
	c.ops++
	if c.ops%look == 0 && !c.over {
		c.look()
	}
	return !c.over
}

func (c *counter) look() {
	now := time.Now()
	if now.Before(c.until) {
		return
	}
	if c.warm {
		c.finish(c.ops)
		c.over = true
		return
	}
	c.warm = true
	c.began, c.cpuBegan, c.ops, c.until = now, cpu(), 0, now.Add(c.ms)
}

func (c *counter) finish(done int) {
	c.rate = float64(done) / time.Since(c.began).Seconds()
	c.cpu = (cpu() - c.cpuBegan) / float64(done)
}

func (c *counter) print() {
	fmt.Printf("{\"rate\": %f, \"cpu\": %f}\n", c.rate, c.cpu)
}

func echo(conn net.Conn, size int) {
	defer conn.Close()
	buf := make([]byte, size)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return
		}
		if _, err := conn.Write(buf[:n]); err != nil {
			return
		}
	}
}

func unix(path string) {
	listener, err := net.Listen("unix", path)
	check(err)
	fmt.Printf("listening on %s\n", path)
	for {
		conn, err := listener.Accept()
		check(err)
		go echo(conn, buffer)
	}
}

func pipe(ms string) {
	client, server := net.Pipe()
	go echo(server, message)
	sent, reply := make([]byte, message), make([]byte, message)
	for c := count(ms); ; {
		if !c.goOn() {
			c.print()
			return
		}
		_, err := client.Write(sent)
		check(err)
		_, err = io.ReadFull(client, reply)
		check(err)
	}
}

func connect(peer, word string) *net.TCPConn {
	conn, err := net.Dial("tcp4", peer)
	check(err)
	_, err = conn.Write([]byte(word + strings.Repeat(" ", head-len(word))))
	check(err)
	return conn.(*net.TCPConn)
}

func copyRest(length, peer string) {
	to, from := connect(peer, "d"), connect(peer, "s"+length)
	reader := bufio.NewReader(from)
	c := count("0")
	_, err := io.ReadFull(reader, make([]byte, head))
	check(err)
	_, err = io.Copy(to, reader)
	check(err)
	check(to.CloseWrite())
	reply, err := io.ReadAll(to)
	check(err)
	if number(string(reply)) != number(length)-head {
		check(fmt.Errorf("%s bytes arrived", reply))
	}
	c.finish(number(string(reply)))
	c.print()
}

func dial(ms, peer, goroutines string) {
	c := count(ms)
	var wait sync.WaitGroup
	sent := make([]byte, message)
	one := func() {
		defer wait.Done()
		reply := make([]byte, message)
		for c.goOn() {
			conn, err := net.Dial("tcp4", peer)
			check(err)
			_, err = conn.Write(sent)
			check(err)
			_, err = io.ReadFull(conn, reply)
			check(err)
			conn.Close()
		}
	}
	for i := 0; i < number(goroutines); i++ {
		wait.Add(1)
		go one()
	}
	wait.Wait()
	c.print()
}

func deadlines(ms, connections, moves string) {
	read := func(conn net.Conn) {
		buf := make([]byte, message)
		for {
			if moves == "true" {
				check(conn.SetReadDeadline(time.Now().Add(far)))
			}
			if _, err := conn.Read(buf); err != nil {
				return
			}
		}
	}
	writers := make([]net.Conn, number(connections))
	for i := range writers {
		writer, reader := net.Pipe()
		writers[i] = writer
		go read(reader)
	}
	sent := make([]byte, message)
	state := uint32(1)
	c := count(ms)
	for c.goOn() {
		state = state*1664525 + 1013904223
		_, err := writers[int(state>>8)%len(writers)].Write(sent)
		check(err)
	}
	c.print()
}

func main() {
	// The other sides are one thread of program.
	runtime.GOMAXPROCS(1)
	args := os.Args[2:]
	switch os.Args[1] {
	case "unix":
		unix(args[0])
	case "pipe":
		pipe(args[0])
	case "copy":
		copyRest(args[0], args[1])
	case "dial":
		dial(args[0], args[1], args[2])
	case "deadlines":
		deadlines(args[0], args[1], args[2])
	}
}
