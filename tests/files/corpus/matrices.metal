constant half4 BT[4] = { half4(1.0h, 0.0h, -1.0h, 0.0h), half4(0.0h, 1.0h, 1.0h, 0.0h),
                         half4(0.0h, -1.0h, 1.0h, 0.0h), half4(0.0h, -1.0h, 0.0h, 1.0h) };
constant half3 G[4] = { half3(1.0h, 0.0h, 0.0h), half3(0.5h, 0.5h, 0.5h), half3(0.5h, -0.5h, 0.5h), half3(0.0h, 0.0h, 1.0h) };
constant half4 AT[2] = { half4(1.0h, 1.0h, 1.0h, 0.0h), half4(0.0h, 1.0h, -1.0h, 1.0h) };
