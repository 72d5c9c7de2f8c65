// Package redisstore shares tokens between the processes of many machines, through Redis 6.2 or later, or Valkey.
//
//	client := redis.NewClient(&redis.Options{Addr: "redis.example.com:6379"})
//	shared := redisstore.New(client)
//	defer shared.Close()
//	api, err := alf.New(alf.Config{ /* ... */ Store: shared})
//
// It is a module of its own, so that programs which do not use it do not inherit its dependency, go-redis. The client
// is the caller's: a [redis.Client], a failover client for Sentinel, a [redis.ClusterClient] or a [redis.Ring], with
// TLS, a user and a password as its options say. [Open] makes one from a URL.
//
// # What is in Redis
//
// Each token has one hash, PREFIX{ID}:t, and one channel, PREFIX{ID}:ev, where ID is made by a keyed hash and PREFIX
// is "alf:" unless [Prefix] says otherwise. Neither shows a token, a secret, a client id or an endpoint (D3). The hash
// expires ten minutes after the token at the earliest.
//
// Each command of the protocol (see package store) is one script, run by EVALSHA, that decides what [store.Step]
// decides, in Redis's own time. A new token goes to all other processes in a message, so that none has to ask for it.
//
// # Rights
//
// A user of Redis's access control lists needs:
//
//	ACL SETUSER alf on >PASSWORD resetchannels ~alf:* &alf:* +hello +auth +ping +evalsha +eval +time
//	            +hmget +hget +hstrlen +hset +del +pexpire +publish +subscribe +unsubscribe
//
// [Store.Check] reports what is missing. Whatever fails here, no request of a client fails for that reason (D4).
//
// # Failures and limits
//
// A command takes no longer than its caller waits, whatever the client's own timeouts are, and may be sent twice
// without harm, as go-redis does when a reply is lost. A process that watches has one connection for that, beside
// those of the client's pool. Replicas are not read: a fail-over that loses writes is noticed, and costs one token
// request at most.
package redisstore
