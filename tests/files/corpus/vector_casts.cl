constant float4 AT[2]={(float4)(1,1,1,0),(float4)(0,1,-1,1)};
constant float3 G[4]={(float3)(1,0,0),(float3)(.5f,.5f,.5f),(float3)(.5f,-.5f,.5f),(float3)(0,0,1)};
constant float4 BT[4]={(float4)(1,0,-1,0),(float4)(0,1,1,0),(float4)(0,-1,1,0),(float4)(0,-1,0,1)};
