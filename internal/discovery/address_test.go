package discovery

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDiscovery_ClassesOfAddresses(t *testing.T) {
	for class, addresses := range map[Class][]string{
		Public:    {"8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "172.32.0.1", "100.63.255.255", "100.128.0.0"},
		Loopback:  {"127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::127.0.0.1"},
		Private:   {"10.0.0.1", "172.16.0.1", "192.168.1.1", "fd00:ec2::254", "fc00::1", "100.64.0.1", "100.100.100.200", "fec0::1", "2002:a00:1::", "64:ff9b:1::a00:1", "2001:0:4136:e378:8000:63bf:f5ff:fffe"},
		LinkLocal: {"169.254.169.254", "fe80::1", "fe80::1%eth0", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "168.63.129.16"},
		Special:   {"0.0.0.0", "0.1.2.3", "::", "224.0.0.1", "ff02::1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1", "2001:db8::1"},
	} {
		for _, address := range addresses {
			require.Equal(t, class, ClassOf(netip.MustParseAddr(address)), "%s is %v", address, class)
		}
	}
	require.Equal(t, Special, ClassOf(netip.Addr{}))
}

func TestDiscovery_WhatMayBeAsked(t *testing.T) {
	all := []Class{Public, Loopback, Private, LinkLocal, Special}
	for _, given := range all {
		for _, class := range all {
			want := class == Public || given == class && class != Special
			require.Equal(t, want, MayReach(given, class), "%v from %v", class, given)
		}
	}
}
