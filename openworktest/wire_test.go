package openworktest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openwork-go/openwork/openworktest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// How net/http would serve each of these handlers. The push is one that WeCom
// does not repeat, and answers an unbroken "success" is the right one to.
func TestWire_EndsOfHandlers(t *testing.T) {
	flush := func(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() }
	whole := func(w http.ResponseWriter) {
		w.Header().Set("Content-Length", "7")
		_, _ = io.WriteString(w, "success")
	}
	for name, row := range map[string]struct {
		handler http.HandlerFunc
		verdict openworktest.Verdict
		status  int
		took    time.Duration
	}{
		"returns":                    {func(w http.ResponseWriter, _ *http.Request) { whole(w) }, openworktest.Accepted, 200, 0},
		"writes without a length":    {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "success") }, openworktest.Accepted, 200, 0},
		"writes nothing":             {func(http.ResponseWriter, *http.Request) {}, openworktest.ShownAsError, 200, 0},
		"writes a head only":         {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, openworktest.ShownAsError, 503, 0},
		"writes a second head":       {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200); w.WriteHeader(500); whole(w) }, openworktest.Accepted, 200, 0},
		"writes an early hint first": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(103); whole(w) }, openworktest.Accepted, 200, 0},
		"header after the head": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(200)
			w.Header().Set("Content-Length", "3")
			_, _ = io.WriteString(w, "success")
		}, openworktest.Accepted, 200, 0},
		"breaks off": {func(w http.ResponseWriter, _ *http.Request) { whole(w); panic(http.ErrAbortHandler) }, openworktest.GivenUp, 0, 0},
		"breaks off after all was flushed": {func(w http.ResponseWriter, _ *http.Request) {
			whole(w)
			flush(w)
			panic(http.ErrAbortHandler)
		}, openworktest.Accepted, 200, 0},
		"breaks off after a part was flushed": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "8")
			_, _ = io.WriteString(w, "success")
			flush(w)
			panic(http.ErrAbortHandler)
		}, openworktest.GivenUp, 0, 0},
		"breaks off after a flush without a length": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "success")
			flush(w)
			panic(http.ErrAbortHandler)
		}, openworktest.GivenUp, 0, 0},
		"ends its goroutine":                 {func(w http.ResponseWriter, _ *http.Request) { whole(w); runtime.Goexit() }, openworktest.GivenUp, 0, 0},
		"ends its goroutine after the flush": {func(w http.ResponseWriter, _ *http.Request) { whole(w); flush(w); runtime.Goexit() }, openworktest.Accepted, 200, 0},
		"writes less than it declares": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "8")
			_, _ = io.WriteString(w, "success")
		}, openworktest.GivenUp, 0, 0},
		"answers and goes on": {func(w http.ResponseWriter, _ *http.Request) { whole(w); flush(w); time.Sleep(time.Minute) }, openworktest.Accepted, 200, 0},
		"answers late":        {func(w http.ResponseWriter, _ *http.Request) { time.Sleep(999 * time.Millisecond); whole(w) }, openworktest.Accepted, 200, 999 * time.Millisecond},
		"answers too late":    {func(w http.ResponseWriter, _ *http.Request) { time.Sleep(1001 * time.Millisecond); whole(w) }, openworktest.GivenUp, 0, time.Second},
		"flushes in time and returns too late": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "success")
			flush(w) // without a length nobody knows that this was all
			time.Sleep(time.Minute)
		}, openworktest.GivenUp, 0, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				suite := openworktest.NewPlatform(openworktest.PlatformConfig{}).NewSuite()
				suite.DeliverTo(row.handler)
				_, answer, err := suite.Install(t.Context())
				require.NoError(t, err)
				assert.Equal(t, row.verdict, answer.Verdict)
				assert.Equal(t, row.status, answer.Status)
				assert.Equal(t, row.took, answer.Took)
				assert.Equal(t, 1, answer.Attempts)
				time.Sleep(2 * time.Minute) // handlers that go on come to their end
			})
		})
	}
}

// A panic is for whoever runs the test to see; WeCom sees a broken connection.
func TestWire_PanicIsReported(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		suite := openworktest.NewPlatform(openworktest.PlatformConfig{}).NewSuite()
		suite.DeliverTo(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a bug of mine") }))
		answer, err := suite.PushXML(t.Context(), "<xml></xml>")
		require.ErrorContains(t, err, "a bug of mine")
		require.ErrorContains(t, err, "wire_test.go", "the stack")
		assert.Equal(t, openworktest.GivenUp, answer.Verdict)
		assert.Equal(t, 3, answer.Attempts)
	})
}

// The connection is gone after 5 seconds: the handler's context ends then, and
// what it writes reaches nobody.
func TestWire_ContextOfTheRequest(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		suite := openworktest.NewPlatform(openworktest.PlatformConfig{}).NewSuite()
		began := time.Now()
		var mu sync.Mutex
		var ended []time.Duration
		suite.DeliverTo(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			assert.Nil(t, r.Context().Value(contextKey{}), "a server sees no values of the client's context")
			<-r.Context().Done()
			mu.Lock()
			ended = append(ended, time.Since(began))
			mu.Unlock()
			time.Sleep(time.Millisecond)
			_, err := io.WriteString(w, "success")
			assert.ErrorIs(t, err, net.ErrClosed)
			assert.ErrorIs(t, http.NewResponseController(w).Flush(), net.ErrClosed)
		}))
		answer, err := suite.PushXML(context.WithValue(t.Context(), contextKey{}, true), "<xml></xml>")
		require.NoError(t, err)
		assert.Equal(t, openworktest.GivenUp, answer.Verdict)
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Equal(t, []time.Duration{5 * time.Second, 10 * time.Second, 15 * time.Second}, ended)

		// Whoever pushes may leave before.
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		began = time.Now()
		_, err = suite.PushXML(ctx, "<xml></xml>")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 2*time.Second, time.Since(began))
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Equal(t, 2*time.Second, ended[3], "the handler notices")
	})
}

type contextKey struct{}

// An answer that a handler makes because it was left is no answer.
func TestWire_AnswerToNobody(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		suite := openworktest.NewPlatform(openworktest.PlatformConfig{}).NewSuite()
		suite.DeliverTo(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			_, _ = io.WriteString(w, "success")
		}))
		for range 500 { // it is a matter of chance which of the two is first
			answer, err := suite.PushXML(t.Context(), "<xml><InfoType>create_auth</InfoType></xml>")
			require.NoError(t, err)
			require.Equal(t, openworktest.GivenUp, answer.Verdict)
		}
	})
}

// http.ResponseController works: a body that does not arrive in time ends
// reading at the deadline, also at one that is set while it waits.
func TestWire_Deadlines(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		suite := openworktest.NewPlatform(openworktest.PlatformConfig{BodyDelay: 3 * time.Second}).NewSuite()
		read := func(set func(*http.ResponseController)) (n int, took time.Duration, err error) {
			suite.DeliverTo(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				began := time.Now()
				set(http.NewResponseController(w))
				var body []byte
				body, err = io.ReadAll(r.Body)
				n, took = len(body), time.Since(began)
				assert.NoError(t, r.Body.Close())
				_, _ = io.WriteString(w, "success")
			}))
			answer, pushErr := suite.PushXML(t.Context(), "<xml></xml>")
			require.NoError(t, pushErr)
			require.Equal(t, openworktest.Accepted, answer.Verdict)
			return n, took, err
		}
		whole, took, err := read(func(*http.ResponseController) {})
		require.NoError(t, err)
		assert.Equal(t, 3*time.Second, took)

		half, took, err := read(func(c *http.ResponseController) {
			assert.NoError(t, c.SetReadDeadline(time.Now().Add(2500*time.Millisecond)))
		})
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		assert.Equal(t, 2500*time.Millisecond, took)
		assert.Equal(t, whole/2, half)

		_, took, err = read(func(c *http.ResponseController) {
			time.AfterFunc(time.Second, func() { assert.NoError(t, c.SetReadDeadline(time.Now())) })
		})
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		assert.Equal(t, time.Second, took)

		n, _, err := read(func(c *http.ResponseController) {
			assert.NoError(t, c.SetReadDeadline(time.Now().Add(time.Second)))
			assert.NoError(t, c.SetReadDeadline(time.Time{}))
			assert.NoError(t, c.EnableFullDuplex())
		})
		require.NoError(t, err, "lifted")
		assert.Equal(t, whole, n)
	})
}

// A body that has not arrived when the connection ends never does.
func TestWire_BodyThatNeverArrives(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		suite := openworktest.NewPlatform(openworktest.PlatformConfig{BodyDelay: time.Minute}).NewSuite()
		began := time.Now()
		errs := make(chan error, 3)
		suite.DeliverTo(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, err := io.ReadAll(r.Body)
			errs <- err
		}))
		answer, err := suite.PushXML(t.Context(), "<xml></xml>")
		require.NoError(t, err)
		assert.Equal(t, openworktest.GivenUp, answer.Verdict)
		synctest.Wait()
		assert.Equal(t, 15*time.Second, time.Since(began))
		require.Len(t, errs, 3)
		for range 3 {
			assert.ErrorIs(t, <-errs, io.ErrUnexpectedEOF)
		}
	})
}

func TestWire_Writing(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		suite := openworktest.NewPlatform(openworktest.PlatformConfig{}).NewSuite()
		var errs []error
		suite.DeliverTo(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "7")
			controller := http.NewResponseController(w)
			errs = append(errs, controller.SetWriteDeadline(time.Now()))
			_, err := fmt.Fprint(w, "success")
			errs = append(errs, err, controller.SetWriteDeadline(time.Time{}))
			_, err = fmt.Fprint(w, "success!")
			errs = append(errs, err)
			_, err = fmt.Fprint(w, "success")
			errs = append(errs, err, controller.Flush())
			errs = append(errs, controller.Flush())
			_, _, hijackErr := controller.Hijack()
			errs = append(errs, hijackErr)
		}))
		requireAccepted(t)(suite.PushXML(t.Context(), "<xml></xml>"))
		synctest.Wait() // the answer was whole before the handler's end
		require.Len(t, errs, 8)
		for i, want := range []error{nil, os.ErrDeadlineExceeded, nil, http.ErrContentLength, nil, nil, nil, errors.ErrUnsupported} {
			assert.ErrorIs(t, errs[i], want, i)
		}
	})
}
