//go:build unix

package openwork_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A process that serves under load gets SIGTERM: it takes no more, answers what it has begun with, handles all that it has
// acknowledged, and ends in time.
func TestH14_SIGTERMUnderLoad(t *testing.T) {
	const serving = "OPENWORK_TEST_SERVE_UNTIL_SIGTERM"
	if os.Getenv(serving) != "" {
		serveUntilSIGTERM(t)
		return
	}
	child := exec.Command(os.Args[0], "-test.run", "^TestH14_SIGTERMUnderLoad$")
	child.Env = append(os.Environ(), serving+"=1")
	stdout, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	defer func() { _ = child.Process.Kill() }()
	lines := bufio.NewScanner(stdout)
	require.True(t, lines.Scan())
	url := lines.Text()

	var answered, acknowledged, number atomic.Int64
	var load sync.WaitGroup
	for range 8 {
		load.Add(1)
		go func() {
			defer load.Done()
			for {
				p := newPush(command("change_auth", "State", fmt.Sprint(number.Add(1))), func(p *push) {
					p.Timestamp = fmt.Sprint(time.Now().Unix())
				}).parts()
				resp, err := http.Post(url+"/?"+p.RawQuery, "text/xml", strings.NewReader(p.Body))
				if err != nil {
					return // it listens no more
				}
				_, err = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
				if err != nil {
					return // cut: begun and not answered
				}
				answered.Add(1)
				if resp.StatusCode == http.StatusOK {
					acknowledged.Add(1)
				}
			}
		}()
	}
	for acknowledged.Load() < 100 {
		time.Sleep(5 * time.Millisecond)
	}
	require.NoError(t, child.Process.Signal(syscall.SIGTERM))
	signalled := time.Now()
	load.Wait()
	begun, handled := 0, 0
	for lines.Scan() {
		_, _ = fmt.Sscanf(lines.Text(), "begun %d, handled %d", &begun, &handled)
	}
	require.NoError(t, child.Wait())
	assert.Less(t, time.Since(signalled), 40*time.Second)
	assert.Equal(t, begun, int(answered.Load()), "a request in flight was cut")
	assert.GreaterOrEqual(t, handled, int(acknowledged.Load()), "an acknowledged push was lost")
}

// serveUntilSIGTERM is the other process. Its handlers are slower than the load, so that the queue is never empty.
func serveUntilSIGTERM(t *testing.T) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	queue := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{Workers: 4})
	server, err := openwork.NewServer(openwork.Config{SuiteID: testSuiteID, Token: testToken, EncodingAESKey: testKey, Queue: queue})
	require.NoError(t, err)
	var begun, handled atomic.Int64
	server.HandleAuthChanged(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		time.Sleep(2 * time.Millisecond)
		handled.Add(1)
		return next(msg)
	})
	queue.Start(server.Process)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	httpServer := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun.Add(1)
		time.Sleep(5 * time.Millisecond) // so that there is always one in flight
		server.ServeHTTP(w, r)
	})}
	go func() { _ = httpServer.Serve(listener) }()
	fmt.Println("http://" + listener.Addr().String())
	<-ctx.Done()

	grace, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	require.NoError(t, httpServer.Shutdown(grace))
	require.NoError(t, queue.Shutdown(grace))
	fmt.Printf("begun %d, handled %d\n", begun.Load(), handled.Load())
}
