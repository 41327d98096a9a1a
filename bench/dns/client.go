// SPDX-License-Identifier: MIT
// Looks names up by Go's own resolver: arguments are concurrency, milliseconds and a prefix of the names.
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"runtime"
	"sort"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// processorTime is that of this process so far, in microseconds.
func processorTime() float64 {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err)
	}
	return float64(used.Utime.Nano()+used.Stime.Nano()) / 1000
}

func main() {
	runtime.GOMAXPROCS(1)
	concurrency, _ := strconv.Atoi(os.Args[1])
	ms, _ := strconv.Atoi(os.Args[2])
	resolver := &net.Resolver{PreferGo: true}
	var number int64
	measure := func(ms int) []time.Duration {
		end := time.Now().Add(time.Duration(ms) * time.Millisecond)
		var all []time.Duration
		var mutex sync.Mutex
		var group sync.WaitGroup
		for i := 0; i < concurrency; i++ {
			group.Add(1)
			go func() {
				defer group.Done()
				var own []time.Duration
				for {
					start := time.Now()
					if start.After(end) {
						break
					}
					name := fmt.Sprintf("%s%d.bench.test.", os.Args[3], atomic.AddInt64(&number, 1))
					found, err := resolver.LookupHost(context.Background(), name)
					if err != nil || len(found) != 1 {
						panic(err)
					}
					own = append(own, time.Since(start))
				}
				mutex.Lock()
				all = append(all, own...)
				mutex.Unlock()
			}()
		}
		group.Wait()
		return all
	}
	measure(1200)
	used := processorTime()
	start := time.Now()
	all := measure(ms)
	each := (processorTime() - used) / float64(len(all))
	seconds := time.Since(start).Seconds()
	sort.Slice(all, func(i, j int) bool { return all[i] < all[j] })
	fmt.Printf("%f %f %f\n", float64(len(all))/seconds, float64(all[len(all)/2].Nanoseconds())/1000, each)
}
