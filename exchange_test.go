package openwork_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const exchangeEndpoint = "v2/get_permanent_code"

// A permanent-code exchange whose answer arrived after the caller gave up: the repeat returns the same Authorization,
// with one upstream call.
func TestPermanentCode_CallerGivesUp(t *testing.T) {
	for name, leave := range map[string]func() (context.Context, context.CancelFunc){
		"its deadline passes": func() (context.Context, context.CancelFunc) {
			return context.WithTimeout(context.Background(), time.Second)
		},
		"it is cancelled": func() (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(context.Background())
			time.AfterFunc(time.Second, cancel)
			return ctx, cancel
		},
	} {
		for when, pause := range map[string]time.Duration{"at once": 0, "after the answer": time.Minute} {
			t.Run(name+", repeated "+when, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := newExchangeFixture(t, 3*time.Second)
					ctx, cancel := leave()
					defer cancel()
					began := time.Now()
					_, err := f.PermanentCode(ctx, testAuthCode)
					require.ErrorIs(t, err, ctx.Err())
					assert.Equal(t, time.Second, time.Since(began), "each caller may leave")

					time.Sleep(pause)
					got, err := f.PermanentCode(t.Context(), testAuthCode)
					require.NoError(t, err)
					requireAuthorization(t, got)
					assert.Equal(t, 1, f.api.called(exchangeEndpoint))
					if pause == 0 {
						assert.Equal(t, 3*time.Second, time.Since(began), "the repeat waits for the call that is under way")
					}
				})
			})
		}
	}
}

// One caller that leaves takes nothing from another that stays.
func TestPermanentCode_OneOfTwoCallersLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newExchangeFixture(t, 3*time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		go func() { _, _ = f.PermanentCode(ctx, testAuthCode) }()
		synctest.Wait()
		got, err := f.PermanentCode(t.Context(), testAuthCode)
		require.NoError(t, err)
		requireAuthorization(t, got)
		assert.Equal(t, 1, f.api.called(exchangeEndpoint))
	})
}

// Once sent it goes on for up to 10 seconds; then its outcome is unknown, and a repeat by the user is another call.
func TestPermanentCode_EndsAfterTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newExchangeFixture(t, 0)
		f.api.script(exchangeEndpoint, apiAnswer{Delay: time.Hour})
		began := time.Now()
		_, err := f.PermanentCode(t.Context(), testAuthCode)
		require.Error(t, err)
		assert.NotContains(t, err.Error(), secretMark)
		assert.LessOrEqual(t, time.Since(began), 11*time.Second)
		assert.GreaterOrEqual(t, time.Since(began), 9*time.Second)
		assert.Equal(t, 1, f.api.called(exchangeEndpoint))

		time.Sleep(time.Minute)
		got, err := f.PermanentCode(t.Context(), testAuthCode)
		require.NoError(t, err)
		requireAuthorization(t, got)
		assert.Equal(t, 2, f.api.called(exchangeEndpoint))
	})
}

// Many callers in one process share one call, and what one does to its Authorization does not reach the others.
func TestPermanentCode_CallersShareOneCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newExchangeFixture(t, time.Second)
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				got, err := f.PermanentCode(t.Context(), testAuthCode)
				if assert.NoError(t, err) {
					assert.Equal(t, "s3cr3t-new-permanent-code", got.PermanentCode)
					got.PermanentCode = fmt.Sprint("changed by ", i)
					got.AuthUserInfo.Name = "changed"
					got.Raw[0] = 'x'
				}
			}()
		}
		wg.Wait()
		got, err := f.PermanentCode(t.Context(), testAuthCode)
		require.NoError(t, err)
		requireAuthorization(t, got)
		assert.Equal(t, 1, f.api.called(exchangeEndpoint))
	})
}

// Two replicas get the same push, or one gets the retry of the other's: one call, and the same Authorization for both.
func TestPermanentCode_Replicas(t *testing.T) {
	t.Run("at once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := newExchangeFixture(t, 2*time.Second)
			replicas := []*openwork.Client{f.Client, f.replica(t), f.replica(t)}
			var wg sync.WaitGroup
			for _, replica := range replicas {
				wg.Add(1)
				go func() {
					defer wg.Done()
					got, err := replica.PermanentCode(t.Context(), testAuthCode)
					if assert.NoError(t, err) {
						assert.Equal(t, "s3cr3t-new-permanent-code", got.PermanentCode)
						assert.JSONEq(t, f.answer, string(got.Raw))
					}
				}()
			}
			wg.Wait()
			assert.Equal(t, 1, f.api.called(exchangeEndpoint))
		})
	})
	t.Run("one after the other", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := newExchangeFixture(t, 0)
			first, err := f.PermanentCode(t.Context(), testAuthCode)
			require.NoError(t, err)
			time.Sleep(29 * time.Minute)
			second, err := f.replica(t).PermanentCode(t.Context(), testAuthCode)
			require.NoError(t, err)
			requireAuthorization(t, second)
			assert.Equal(t, first, second)
			assert.Equal(t, 1, f.api.called(exchangeEndpoint))
		})
	})
	t.Run("the caller of the first gives up", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := newExchangeFixture(t, 2*time.Second)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := f.PermanentCode(ctx, testAuthCode)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			got, err := f.replica(t).PermanentCode(t.Context(), testAuthCode)
			require.NoError(t, err)
			requireAuthorization(t, got)
			assert.Equal(t, 1, f.api.called(exchangeEndpoint))
		})
	})
	t.Run("the caller of the second gives up waiting", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := newExchangeFixture(t, 5*time.Second)
			second := f.replica(t)
			go func() { _, _ = f.PermanentCode(t.Context(), testAuthCode) }()
			synctest.Wait()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			began := time.Now()
			_, err := second.PermanentCode(ctx, testAuthCode)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, time.Second, time.Since(began))
			time.Sleep(10 * time.Second)
			_, err = second.PermanentCode(t.Context(), testAuthCode)
			require.NoError(t, err)
			assert.Equal(t, 1, f.api.called(exchangeEndpoint))
		})
	})
	t.Run("the first was killed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := newExchangeFixture(t, 0)
			_, err := f.Suite().Token(t.Context())
			require.NoError(t, err)
			f.config.Claims = &deadOwner{Claimer: f.store}
			survivor, err := openwork.NewClient(f.config)
			require.NoError(t, err)
			began := time.Now()
			got, err := survivor.PermanentCode(t.Context(), testAuthCode)
			if err != nil { // it may leave when its own time is over; then the lease has ended, or does soon
				time.Sleep(30 * time.Second)
				got, err = survivor.PermanentCode(t.Context(), testAuthCode)
			}
			require.NoError(t, err)
			requireAuthorization(t, got)
			assert.Less(t, time.Since(began), time.Minute)
			assert.Equal(t, 1, f.api.called(exchangeEndpoint))
		})
	})
	t.Run("the first fails", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := newExchangeFixture(t, 0)
			f.api.script(exchangeEndpoint, apiAnswer{Delay: time.Second, Status: 502, Body: "oops"})
			_, err := f.PermanentCode(t.Context(), testAuthCode)
			require.Error(t, err)
			began := time.Now()
			got, err := f.replica(t).PermanentCode(t.Context(), testAuthCode)
			require.NoError(t, err)
			requireAuthorization(t, got)
			assert.Less(t, time.Since(began), 3*time.Second, "a claim that failed is given back, not left to its lease")
		})
	})
}

// The exchange does not depend on the Cache; within one process it is safe to repeat without one.
func TestPermanentCode_CacheDown(t *testing.T) {
	t.Run("down", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := newExchangeFixture(t, 0)
			f.store.fail(errors.New("no such host"))
			for range 3 {
				got, err := f.PermanentCode(t.Context(), testAuthCode)
				require.NoError(t, err)
				requireAuthorization(t, got)
				time.Sleep(9 * time.Minute)
			}
			assert.Equal(t, 1, f.api.called(exchangeEndpoint))
		})
	})
	t.Run("frozen", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			defer time.Sleep(time.Minute) // what is written beside
			f := newExchangeFixture(t, 0)
			f.store.freeze()
			began := time.Now()
			got, err := f.PermanentCode(t.Context(), testAuthCode)
			require.NoError(t, err)
			requireAuthorization(t, got)
			assert.Less(t, time.Since(began), 10*time.Second)
			got, err = f.PermanentCode(t.Context(), testAuthCode)
			require.NoError(t, err)
			requireAuthorization(t, got)
			assert.Equal(t, 1, f.api.called(exchangeEndpoint))
		})
	})
	t.Run("down while the call is under way", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := newExchangeFixture(t, 2*time.Second)
			time.AfterFunc(time.Second, func() { f.store.fail(errors.New("no such host")) })
			for range 2 {
				got, err := f.PermanentCode(t.Context(), testAuthCode)
				require.NoError(t, err)
				requireAuthorization(t, got)
			}
			assert.Equal(t, 1, f.api.called(exchangeEndpoint))
		})
	})
	t.Run("without Cache and Claims", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := newExchangeFixture(t, 0, func(c *openwork.ClientConfig) { c.Cache, c.Claims = nil, nil })
			for range 2 {
				got, err := f.PermanentCode(t.Context(), testAuthCode)
				require.NoError(t, err)
				requireAuthorization(t, got)
			}
			assert.Equal(t, 1, f.api.called(exchangeEndpoint))
		})
	})
}

// A damaged entry of the Cache is as good as none, and no reason to fail.
func TestPermanentCode_DamagedCache(t *testing.T) {
	for _, value := range []string{"", "{", "null", "[]", `{"errcode":0}`, "x"} {
		t.Run(value, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newExchangeFixture(t, 0)
				_, err := f.PermanentCode(t.Context(), testAuthCode)
				require.NoError(t, err)
				synctest.Wait() // it is written beside
				keys := f.store.keysWithValue("new-permanent-code")
				require.NotEmpty(t, keys)
				for _, key := range keys {
					require.NoError(t, f.store.Set(t.Context(), key, value, time.Minute))
				}
				f.config.Claims = openwork.NewMemoryCache()
				got, err := f.replica(t).PermanentCode(t.Context(), testAuthCode)
				require.NoError(t, err)
				requireAuthorization(t, got)
			})
		})
	}
}

// For 30 minutes, and not for longer: a permanent code must not lie about in a cache.
func TestPermanentCode_ThirtyMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newExchangeFixture(t, 0)
		replica := f.replica(t)
		_, err := f.PermanentCode(t.Context(), testAuthCode)
		require.NoError(t, err)
		synctest.Wait() // it is written beside
		require.NotEmpty(t, f.store.keysWithValue("new-permanent-code"))

		time.Sleep(30*time.Minute - 10*time.Second)
		for _, client := range []*openwork.Client{f.Client, replica} {
			got, err := client.PermanentCode(t.Context(), testAuthCode)
			require.NoError(t, err)
			requireAuthorization(t, got)
		}
		assert.Equal(t, 1, f.api.called(exchangeEndpoint))

		time.Sleep(20 * time.Second)
		assert.Empty(t, f.store.keysWithValue("new-permanent-code"))
		f.api.always(exchangeEndpoint, apiAnswer{Code: 40078}) // the code has been used
		for i, client := range []*openwork.Client{f.Client, replica} {
			_, err := client.PermanentCode(t.Context(), testAuthCode)
			requireAPIError(t, err, 40078)
			assert.Equal(t, 2+i, f.api.called(exchangeEndpoint))
			time.Sleep(time.Minute)
		}
	})
}

// Unlike a token, an exchange is not made anew ahead of its end: the auth_code is used up.
func TestPermanentCode_IsNotFetchedAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newExchangeFixture(t, 0)
		clients := []*openwork.Client{f.Client, f.replica(t)}
		for range 29 {
			for _, client := range clients {
				got, err := client.PermanentCode(t.Context(), testAuthCode)
				require.NoError(t, err)
				requireAuthorization(t, got)
			}
			time.Sleep(time.Minute)
		}
		assert.Equal(t, 1, f.api.called(exchangeEndpoint))
	})
}

// Asking again does not make it last longer.
func TestPermanentCode_RepeatsDoNotProlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newExchangeFixture(t, 0)
		replica := f.replica(t)
		for range 12 {
			time.Sleep(3 * time.Minute)
			_, err := f.PermanentCode(t.Context(), testAuthCode)
			require.NoError(t, err)
			_, err = replica.PermanentCode(t.Context(), testAuthCode)
			require.NoError(t, err)
		}
		assert.Equal(t, 2, f.api.called(exchangeEndpoint))
	})
}

// The errors of an exchange are final: a used auth_code (40078) does not get better.
func TestPermanentCode_RefusedIsNotRepeated(t *testing.T) {
	for _, code := range []int{40078, 40083, 48002, 60020, 40084} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newExchangeFixture(t, 0)
				f.api.always(exchangeEndpoint, apiAnswer{Code: code})
				got, err := f.PermanentCode(t.Context(), testAuthCode)
				requireAPIError(t, err, code)
				assert.Nil(t, got)
				assert.Equal(t, 1, f.api.called(exchangeEndpoint))
				assert.NotContains(t, err.Error(), secretMark)

				// It is no result that would be kept for 30 minutes.
				f.api.always(exchangeEndpoint, apiAnswer{Body: f.answer})
				time.Sleep(time.Minute)
				got, err = f.PermanentCode(t.Context(), testAuthCode)
				require.NoError(t, err)
				requireAuthorization(t, got)
			})
		})
	}
}

// Each auth_code, each suite and each form of the call is an exchange of its own.
func TestPermanentCode_OthersAreOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newExchangeFixture(t, 0)
		f.api.always(exchangeEndpoint, apiAnswer{})
		serial := 0
		f.api.handle(exchangeEndpoint, func(call apiCall) apiAnswer {
			serial++
			return apiAnswer{Body: fmt.Sprintf(`{"errcode":0,"permanent_code":"%s-%d","state":%q}`, secretMark, serial, call.JSON["auth_code"])}
		})
		other := f.config
		other.SuiteID = "ww-another-suite"
		f.api.knowSuite(other.SuiteID, testSuiteSecret)
		other.Tickets = freshTickets(t, other.SuiteID)
		another, err := openwork.NewClient(other)
		require.NoError(t, err)

		codes := map[string]bool{}
		for range 2 {
			for _, authCode := range []string{testAuthCode, testAuthCode + "2", strings.ToUpper(testAuthCode)} {
				for _, client := range []*openwork.Client{f.Client, another} {
					got, err := client.PermanentCode(t.Context(), authCode)
					require.NoError(t, err)
					assert.Equal(t, authCode, got.State)
					codes[got.PermanentCode] = true
				}
			}
		}
		assert.Len(t, codes, 6)
		assert.Equal(t, 6, f.api.called(exchangeEndpoint))
	})
}

// An auth_code works once, and whether it has worked is unknown: nothing is sent a second time by itself.
func TestPermanentCode_IsNeverRepeatedBlindly(t *testing.T) {
	for name, answer := range passing {
		for version, exchange := range exchanges {
			t.Run(version+" "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := newExchangeFixture(t, 0)
					f.api.script(exchange.endpoint, answer)
					_, err := exchange.call(t.Context(), f.Client, testAuthCode)
					require.Error(t, err)
					assert.NotContains(t, err.Error(), secretMark)
					time.Sleep(time.Minute)
					assert.Equal(t, 1, f.api.called(exchange.endpoint))

					got, err := exchange.call(t.Context(), f.Client, testAuthCode)
					require.NoError(t, err, "the user's repeat is another call")
					requireAuthorization(t, got)
					assert.Equal(t, 2, f.api.called(exchange.endpoint))
				})
			})
		}
	}
}

// With a refused suite token nothing was exchanged, so the call is repeated, once.
func TestPermanentCode_IsRepeatedAfterARefusedToken(t *testing.T) {
	for _, code := range []int{40082, 42009} {
		for version, exchange := range exchanges {
			t.Run(fmt.Sprint(version, " ", code), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := newExchangeFixture(t, 0)
					f.api.script(exchange.endpoint, apiAnswer{Code: code})
					got, err := exchange.call(t.Context(), f.Client, testAuthCode)
					require.NoError(t, err)
					requireAuthorization(t, got)
					calls := f.api.callsOf(exchange.endpoint)
					require.Len(t, calls, 2)
					assert.NotEqual(t, calls[0].Token, calls[1].Token)
					assert.Equal(t, calls[0].Body, calls[1].Body)

					f.api.always(exchange.endpoint, apiAnswer{Code: code})
					_, err = exchange.call(t.Context(), f.Client, testAuthCode+"2")
					requireAPIError(t, err, code)
					assert.Equal(t, 4, f.api.called(exchange.endpoint))
				})
			})
		}
	}
}

func TestPermanentCode_WithoutTicketMakesNoCall(t *testing.T) {
	for version, exchange := range exchanges {
		t.Run(version, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tickets := openwork.TicketsIn(openwork.NewMemoryCache())
				f := newExchangeFixture(t, 0, func(c *openwork.ClientConfig) { c.Tickets = tickets })
				_, err := exchange.call(t.Context(), f.Client, testAuthCode)
				require.ErrorIs(t, err, openwork.ErrNoSuiteTicket)
				assert.Zero(t, f.api.called(""))

				now := time.Now().Truncate(time.Second)
				require.NoError(t, tickets.PutTicket(t.Context(), testSuiteID, openwork.SuiteTicket{Value: testTicket, Time: now.Add(-31 * time.Minute)}))
				time.Sleep(3 * time.Second)
				_, err = exchange.call(t.Context(), f.Client, testAuthCode)
				require.ErrorIs(t, err, openwork.ErrSuiteTicketExpired)
				assert.Zero(t, f.api.called(""))

				require.NoError(t, tickets.PutTicket(t.Context(), testSuiteID, openwork.SuiteTicket{Value: testTicket, Time: now}))
				time.Sleep(3 * time.Second)
				got, err := exchange.call(t.Context(), f.Client, testAuthCode)
				require.NoError(t, err)
				requireAuthorization(t, got)
			})
		})
	}
}

// A success that carries no permanent code is none, and is not kept as one.
func TestPermanentCode_SuccessWithoutCode(t *testing.T) {
	for _, body := range []string{`{"errcode":0,"errmsg":"ok"}`, `{"permanent_code":""}`, `{}`} {
		t.Run(body, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newExchangeFixture(t, 0)
				f.api.script(exchangeEndpoint, apiAnswer{Body: body})
				_, err := f.PermanentCode(t.Context(), testAuthCode)
				require.Error(t, err)
				time.Sleep(time.Minute)
				got, err := f.PermanentCode(t.Context(), testAuthCode)
				require.NoError(t, err)
				requireAuthorization(t, got)
			})
		})
	}
}

// When it was exchanged is part of the answer, however often and wherever it is repeated: so a browser that comes back much
// later is no newer than what happened meanwhile.
func TestPermanentCode_Time(t *testing.T) {
	for version, exchange := range exchanges {
		t.Run(version, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newExchangeFixture(t, 2*time.Second)
				time.Sleep(12*time.Minute + 700*time.Millisecond)
				sent := time.Now()
				want := sent.Truncate(time.Second)
				for _, client := range []*openwork.Client{f.Client, f.Client, f.replica(t), f.replica(t)} {
					got, err := exchange.call(t.Context(), client, testAuthCode)
					require.NoError(t, err)
					assert.True(t, got.Time.Equal(want), "%s, not %s", got.Time, want)
					assert.Zero(t, got.Time.Nanosecond())
					assert.NotContains(t, string(got.Raw), fmt.Sprint(want.Unix()), "it is none of WeCom's")
					time.Sleep(7 * time.Minute)
				}
				assert.Equal(t, 1, f.api.called(exchange.endpoint))

				got, err := exchange.call(t.Context(), f.Client, testAuthCode+"2")
				require.NoError(t, err)
				assert.True(t, got.Time.After(want), "another exchange has another time")
			})
		})
	}
	t.Run("the cache is down", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := newExchangeFixture(t, 0)
			f.store.fail(errors.New("no such host"))
			first, err := f.PermanentCode(t.Context(), testAuthCode)
			require.NoError(t, err)
			require.Equal(t, time.Now().Unix(), first.Time.Unix())
			time.Sleep(20 * time.Minute)
			second, err := f.PermanentCode(t.Context(), testAuthCode)
			require.NoError(t, err)
			assert.Equal(t, first.Time, second.Time)
		})
	})
	t.Run("not exchanged", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := newExchangeFixture(t, 0)
			f.api.always("v2/get_auth_info", apiAnswer{Body: f.answer})
			f.api.always("get_auth_info", apiAnswer{Body: f.answer})
			for _, ask := range []func(context.Context, string) (*openwork.Authorization, error){f.AuthInfo, f.AuthInfoV1} {
				got, err := ask(t.Context(), testCorp)
				require.NoError(t, err)
				assert.True(t, got.Time.IsZero())
			}
		})
	})
}

// The older call is as safe to repeat as the newer.
func TestPermanentCodeV1_IsSafeToRepeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newExchangeFixture(t, 3*time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := f.PermanentCodeV1(ctx, testAuthCode)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		for _, client := range []*openwork.Client{f.Client, f.replica(t)} {
			got, err := client.PermanentCodeV1(t.Context(), testAuthCode)
			require.NoError(t, err)
			requireAuthorization(t, got)
		}
		assert.Equal(t, 1, f.api.called("get_permanent_code"))
	})
}

// What is kept is kept under a hash of suite and code.
func TestPermanentCode_KeysAndLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newExchangeFixture(t, 0)
		_, err := f.PermanentCode(t.Context(), testAuthCode)
		require.NoError(t, err)
		synctest.Wait() // it is written beside
		keys := f.store.keysWithValue("new-permanent-code")
		require.Len(t, keys, 1)
		f.store.mu.Lock()
		defer f.store.mu.Unlock()
		assert.Greater(t, f.store.ttls[keys[0]], 29*time.Minute)
		assert.LessOrEqual(t, f.store.ttls[keys[0]], 30*time.Minute)
		for key := range f.store.all {
			assert.NotContains(t, key, secretMark)
		}
		assert.NotContains(t, f.log.String(), secretMark)
	})
}

// The permanent code that was just stored is what the corp's calls use, without Forget, if the corp had none before.
func TestPermanentCode_ThenCorp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newExchangeFixture(t, 0)
		f.codes.set(testCorp, "")
		f.api.knowCode(testCorp, "s3cr3t-new-permanent-code")
		require.ErrorIs(t, f.Corp(testCorp).Get(t.Context(), "/cgi-bin/user/get", nil, nil), openwork.ErrAuthorizationRevoked)
		got, err := f.PermanentCode(t.Context(), testAuthCode)
		require.NoError(t, err)
		f.codes.set(got.AuthCorpInfo.CorpID, got.PermanentCode)
		require.NoError(t, f.Forget(t.Context(), testCorp))
		require.NoError(t, f.Corp(testCorp).Get(t.Context(), "/cgi-bin/user/get", nil, nil))
	})
}

// exchanges are both forms of the call.
var exchanges = map[string]struct {
	endpoint string
	call     func(ctx context.Context, c *openwork.Client, authCode string) (*openwork.Authorization, error)
}{
	"v1": {"get_permanent_code", func(ctx context.Context, c *openwork.Client, authCode string) (*openwork.Authorization, error) {
		return c.PermanentCodeV1(ctx, authCode)
	}},
	"v2": {exchangeEndpoint, func(ctx context.Context, c *openwork.Client, authCode string) (*openwork.Authorization, error) {
		return c.PermanentCode(ctx, authCode)
	}},
}

// exchangeFixture is a Client whose API exchanges any auth_code.
type exchangeFixture struct {
	*clientFixture
	answer string
}

// newExchangeFixture lets every exchange take as long as given.
func newExchangeFixture(t *testing.T, takes time.Duration, edits ...func(*openwork.ClientConfig)) *exchangeFixture {
	t.Helper()
	f := &exchangeFixture{newClientFixture(t, edits...), mergeJSON(t, `{"errcode":0,"errmsg":"ok"}`, answerAuthorizationV2)}
	for _, exchange := range exchanges {
		f.api.always(exchange.endpoint, apiAnswer{Delay: takes, Body: f.answer})
	}
	return f
}

// replica is another process that shares Cache and Claims.
func (f *exchangeFixture) replica(t *testing.T) *openwork.Client {
	t.Helper()
	client, err := openwork.NewClient(f.config)
	require.NoError(t, err)
	return client
}

// requireAuthorization checks that it is the whole answer of the exchange, Raw included.
func requireAuthorization(t *testing.T, got *openwork.Authorization) {
	t.Helper()
	require.NotNil(t, got)
	var raw map[string]any
	require.NoError(t, json.Unmarshal(got.Raw, &raw))
	require.Contains(t, raw, "brand_new")
	read := *got
	require.WithinRange(t, read.Time, time.Now().Add(-31*time.Minute), time.Now())
	read.Raw, read.Time = nil, time.Time{}
	require.Equal(t, wantAuthorizationV2(), &read)
}

// deadOwner is a Claimer in which somebody else has claimed every key a moment before, and never comes back.
type deadOwner struct {
	openwork.Claimer
	mu   sync.Mutex
	keys map[string]bool
}

func (d *deadOwner) Claim(ctx context.Context, key, owner string, lease time.Duration) (int, string, error) {
	d.mu.Lock()
	first := !d.keys[key]
	if d.keys == nil {
		d.keys = map[string]bool{}
	}
	d.keys[key] = true
	d.mu.Unlock()
	if first {
		if _, _, err := d.Claimer.Claim(ctx, key, "dead", lease); err != nil {
			return 0, "", err
		}
	}
	return d.Claimer.Claim(ctx, key, owner, lease)
}
