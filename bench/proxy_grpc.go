package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
)

// grpc compares calls through the proxies, from one channel with so many callers.
func (m *proxyFigures) grpc() error {
	ports := m.files.ports
	names, addresses := []string{"nginx", "haproxy", "alf proxy"}, []int{ports.nginxGRPC, ports.haproxyGRPC, ports.alf}
	const callers, messages = 16, 20
	stubs := make([]testgrpc.TestServiceClient, len(names))
	for i, port := range addresses {
		c, err := grpc.NewClient(fmt.Sprintf("127.0.0.1:%d", port), grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			return err
		}
		defer c.Close()
		stubs[i] = testgrpc.NewTestServiceClient(c)
	}
	for _, kind := range []struct {
		name  string
		calls int // of each caller in a slice
		call  func(stub testgrpc.TestServiceClient) error
	}{
		{"Unary calls, 16 callers", m.b.scaled(150, 10), func(stub testgrpc.TestServiceClient) error {
			_, err := stub.EmptyCall(context.Background(), new(testgrpc.Empty))
			return err
		}},
		{fmt.Sprintf("Streams of %d messages each way, 16 callers", messages), m.b.scaled(20, 2), func(stub testgrpc.TestServiceClient) error {
			return talk(stub, messages)
		}},
	} {
		trials := make([]trial, len(names))
		failures := make(chan error, 1)
		for i, stub := range stubs {
			spin := func(n int) {
				for range n {
					if err := kind.call(stub); err != nil {
						select {
						case failures <- fmt.Errorf("%s through %s: %w", kind.name, names[i], err):
						default:
						}
						return
					}
				}
			}
			spin(2) // connects
			trials[i] = func() float64 { return 1e9 / perCall(callers, kind.calls, spin) }
		}
		rates := interleave(m.b.rounds(15), m.b.step(kind.name), trials...)
		select {
		case err := <-failures:
			return err
		default:
		}
		t := table{title: kind.name, heads: []string{"", "calls/s", "spread", "of nginx"}}
		for i, name := range names {
			of := rates[i].over(rates[0])
			low, high := of.interval()
			t.row(name, number(rates[i].median()), percent(rates[i].spread()), fmt.Sprintf("%s (%s–%s)", exactly(of.median()), exactly(low), exactly(high)))
		}
		m.section.tables = append(m.section.tables, t)
	}
	return nil
}

// talk opens a stream, exchanges messages one after the other, and ends it.
func talk(stub testgrpc.TestServiceClient, messages int) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stream, err := stub.FullDuplexCall(ctx)
	if err != nil {
		return err
	}
	for range messages {
		if err := exchangeOn(stream); err != nil {
			return err
		}
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("the end of a stream: %w", err)
	}
	return nil
}
