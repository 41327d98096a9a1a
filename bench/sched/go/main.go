// SPDX-License-Identifier: MIT

// The cases of bench:sched in Go: the same loops as in ../netpoll.ts. Prints a line of JSON a case.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"
)

const (
	many    = 1000
	few     = 10
	bulk    = 1_000_000
	parked  = 100_000
	farAway = time.Hour
)

// Each case does n operations.
var cases = map[string]func(n int){
	"spawn":           spawn,
	"gosched":         gosched,
	"ping-pong":       pingPong,
	"buffered-128":    buffered,
	"select-2":        selectTwo,
	"mutex":           mutexFree,
	"mutex-contended": mutexContended,
	"timer-one":       timerOne,
	"timer-reset":     timerReset,
	"timer-same":      func(n int) { timers(n, func(i int) time.Duration { return farAway }) },
	"timer-mixed":     func(n int) { timers(n, mixed) },
}

func spawn(n int) {
	var left int
	body := func() { left-- }
	for done := 0; done < n; done += many {
		left = many
		for i := 0; i < many; i++ {
			go body()
		}
		for left > 0 {
			runtime.Gosched()
		}
	}
}

func gosched(n int) {
	each(few, func() {
		for i := 0; i < n/few; i++ {
			runtime.Gosched()
		}
	})
}

func pingPong(n int) {
	ping, pong := make(chan int), make(chan int)
	go func() {
		for v := range ping {
			pong <- v
		}
		close(pong)
	}()
	for i := 0; i < n; i++ {
		ping <- i
		<-pong
	}
	close(ping)
	<-pong
}

func buffered(n int) {
	ch := make(chan int, 128)
	go func() {
		for i := 0; i < n; i++ {
			ch <- i
		}
		close(ch)
	}()
	for range ch {
	}
}

func selectTwo(n int) {
	a, b := make(chan int), make(chan int)
	send := func(ch chan int) {
		for i := 0; i < n/2; i++ {
			ch <- i
		}
	}
	go send(a)
	go send(b)
	for i := 0; i < n/2*2; i++ {
		select {
		case <-a:
		case <-b:
		}
	}
}

func mutexFree(n int) {
	var mu sync.Mutex
	for i := 0; i < n; i++ {
		mu.Lock()
		mu.Unlock()
	}
}

func mutexContended(n int) {
	var mu sync.Mutex
	each(few, func() {
		for i := 0; i < n/few; i++ {
			mu.Lock()
			runtime.Gosched()
			mu.Unlock()
		}
	})
}

func nothing() {}

func timerOne(n int) {
	for i := 0; i < n; i++ {
		time.AfterFunc(farAway, nothing).Stop()
	}
}

func timerReset(n int) {
	timer := time.AfterFunc(farAway, nothing)
	for i := 0; i < n; i++ {
		timer.Reset(farAway)
	}
	timer.Stop()
}

// From one hour to two, in no order.
func mixed(i int) time.Duration {
	return farAway + time.Duration(uint32(i)*2654435761>>10)*time.Microsecond
}

var all = make([]*time.Timer, bulk)

func timers(n int, delay func(i int) time.Duration) {
	for done := 0; done < n; done += bulk {
		for i := range all {
			all[i] = time.AfterFunc(delay(i), nothing)
		}
		for i, timer := range all {
			timer.Stop()
			all[i] = nil
		}
	}
}

func each(count int, f func()) {
	var wg sync.WaitGroup
	wg.Add(count)
	for i := 0; i < count; i++ {
		go func() {
			defer wg.Done()
			f()
		}()
	}
	wg.Wait()
}

func rss() int {
	status, _ := os.ReadFile("/proc/self/status")
	_, after, _ := bytes.Cut(status, []byte("VmRSS:"))
	kb, _ := strconv.Atoi(string(bytes.Fields(after)[0]))
	return kb * 1024
}

func heap() int {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.HeapInuse + stats.StackInuse)
}

// What 100,000 more cost, once there are many.
func park() map[string]any {
	ch := make(chan int)
	var wg sync.WaitGroup
	more := func(count int) (int, int) {
		wg.Add(count)
		for i := 0; i < count; i++ {
			go func() {
				<-ch
				wg.Done()
			}()
		}
		for i := 0; i < 3; i++ {
			runtime.Gosched()
			runtime.GC()
		}
		return rss(), heap()
	}
	rss0, heap0 := more(parked / 2)
	rss1, heap1 := more(parked)
	close(ch)
	wg.Wait()
	return map[string]any{
		"case": "parked", "rss": (rss1 - rss0) / parked, "heap": (heap1 - heap0) / parked,
	}
}

// Runs until the time is up, in growing portions.
func measure(name string, budget time.Duration) map[string]any {
	f := cases[name]
	portion, ops, spent := many, 0, time.Duration(0)
	if name == "timer-same" || name == "timer-mixed" {
		portion = bulk
	}
	for spent < budget {
		start := time.Now()
		f(portion)
		took := time.Since(start)
		spent, ops = spent+took, ops+portion
		if took < budget/10 && portion < bulk {
			portion *= 2
		}
	}
	return map[string]any{"case": name, "ns": float64(spent) / float64(ops)}
}

func main() {
	ms, _ := strconv.Atoi(os.Args[1])
	budget := time.Duration(ms) * time.Millisecond
	for _, name := range os.Args[2:] {
		var result map[string]any
		if name == "parked" {
			result = park()
		} else {
			measure(name, budget/2)
			result = measure(name, budget)
		}
		line, _ := json.Marshal(result)
		fmt.Println(string(line))
	}
}
